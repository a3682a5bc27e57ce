// What a 401, and a 403 for a scope, asks for: the `WWW-Authenticate` header (RFC 6750 §3, RFC 9728 §5.1).

/** Where the API says whose tokens it takes. */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource';

/** The public base URL of the API without a slash at its end. */
export function baseOf(issuer: string): string {
  return issuer.replace(/\/$/, '');
}

/** Values are ours: no quotes and no backslashes. */
export function challenge(said: { error?: string; error_description?: string; scope?: string } = {}) {
  const parameters = Object.entries({ realm: 'email-api', ...said }).map(([name, value]) => `${name}="${value}"`);
  return { 'www-authenticate': `Bearer ${parameters.join(', ')}` };
}

/** Adds where to read how a token is got. */
export function withMetadata(header: string, issuer: string): string {
  return `${header}, resource_metadata="${baseOf(issuer)}${resourceMetadataPath}"`;
}
