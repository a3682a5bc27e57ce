// GET /.well-known/oauth-authorization-server (RFC 8414): what a client library needs to know of this server.
import { knownScopes } from './clients.ts';
import { grantTypes } from './issue-token.ts';

const authenticationMethods = ['client_secret_basic', 'client_secret_post'];

/** `issuer` is the public base URL of the API. */
export function serverMetadata(issuer: string): Record<string, unknown> {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    token_endpoint: `${base}/token`,
    introspection_endpoint: `${base}/introspect`,
    revocation_endpoint: `${base}/revoke`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    grant_types_supported: grantTypes,
    response_types_supported: [],
    scopes_supported: knownScopes,
    token_endpoint_auth_methods_supported: authenticationMethods,
    introspection_endpoint_auth_methods_supported: authenticationMethods,
    revocation_endpoint_auth_methods_supported: authenticationMethods,
  };
}
