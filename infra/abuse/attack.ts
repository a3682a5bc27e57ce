// What an attack is: what one client or a stranger does, over and over, while a polite client sends.
export interface Attack {
  /** For `--only`. */
  name: string;
  /** For the table. */
  says: string;
  /** Part of the short form, which CI runs. */
  short?: true;
  /** What the polite client asks for; to send an email where not said. */
  polite?: 'send' | 'authorize';
  /** The answer that is bounded is slower: large mail is delivered meanwhile. */
  mostP99Ms?: number;
  /** Once, before the polite client is measured. */
  prepare?(ground: Ground): Promise<string>;
  /** Goes on until the ground is taken away; `prepared` is what `prepare` gave. */
  make(ground: Ground, prepared: string): Promise<unknown>;
}

export interface Ground {
  urls: Record<'token' | 'send' | 'history' | 'manage', string>;
  /** Of the client that attacks. */
  token: string;
  full: boolean;
  /** What was answered, with how often each came. */
  note(what: string): void;
}
