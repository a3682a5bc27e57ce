// Who asks: the client behind an access token or an API key, and what this one lets it do.

export type Scope = 'basic' | 'email' | 'intake:write';
export interface Caller {
  clientId: string;
  scopes: readonly string[];
  /** Whom its emails may be from, within what its client may; null: as its client. */
  allowedSenders: readonly string[] | null;
  /** The API key; undefined: an access token. */
  key?: { id: string; expiresAt: Date | null };
}

/** What a route wants of its caller. */
export interface Needed {
  scope: Scope;
  /** Enough, too: `emails:send`, the part of `email` that sends. API keys have it, access tokens have all of `email`. */
  orScope?: string | undefined;
}
