// The `resource` parameter (RFC 8707): what a token is asked for. There is one API here, so it can only be that.
import { OAuthError } from './oauth-error.ts';

/**
 * Throws `invalid_target` unless each of `resources` is the API: its audience, or the issuer, which is where it is reached.
 * Either way the token is for `audience`; the server may map what was asked for (§2.2).
 */
export function checkResources(
  resources: readonly string[],
  { issuer, audience }: { issuer: string; audience: string },
) {
  const known = [issuer, audience].map(normal);
  if (resources.every((resource) => known.includes(normal(resource)))) return;
  throw new OAuthError('invalid_target', `resource must be ${audience} or left out.`);
}

/** `https://api.example.com` and `https://api.example.com/` are one (RFC 3986 §6.2.3), and many libraries write the second. */
function normal(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri;
}
