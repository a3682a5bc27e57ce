// GET /.well-known/oauth-protected-resource (RFC 9728): whose tokens the API takes. Where to read it stands in every 401.
import { baseOf } from '../../lib/auth/challenge.ts';
import { usualScopes } from '../../lib/store/clients/clients.ts';

/** The API is its own authorization server: `issuer` is the public base URL of both. */
export function resourceMetadata(issuer: string): Record<string, unknown> {
  return {
    // Not the audience of the tokens: clients compare it with the address that they ask (§3.3).
    resource: issuer,
    resource_name: 'Email API',
    resource_documentation: `${baseOf(issuer)}/docs`,
    authorization_servers: [issuer],
    scopes_supported: usualScopes,
    bearer_methods_supported: ['header'],
  };
}
