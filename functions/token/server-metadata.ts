// GET /.well-known/oauth-authorization-server (RFC 8414): what a client library needs to know of this server.

import { baseOf } from '../../lib/auth/challenge.ts';
import { usualScopes } from '../../lib/store/clients/clients.ts';
import { assertionAlgorithms } from './client-keys.ts';
import { authenticationMethods } from './credentials.ts';
import { grantTypes } from './token-request.ts';

/** `issuer` is the public base URL of the API. */
export function serverMetadata(issuer: string): Record<string, unknown> {
  const base = baseOf(issuer);
  return {
    issuer,
    token_endpoint: `${base}/token`,
    introspection_endpoint: `${base}/introspect`,
    revocation_endpoint: `${base}/revoke`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    grant_types_supported: grantTypes,
    response_types_supported: [],
    scopes_supported: usualScopes,
    ...authenticationAt('token'),
    ...authenticationAt('introspection'),
    ...authenticationAt('revocation'),
  };
}

/**
 * What the `aud` of a client's assertion may be. The issuer is what today's clients write (draft-ietf-oauth-rfc7523bis); the
 * token endpoint, by either of its names, is what older ones do (RFC 7523 §3).
 */
export function assertionAudiences(issuer: string): string[] {
  const base = baseOf(issuer);
  return [issuer, `${base}/token`, `${base}/authorize`];
}

function authenticationAt(endpoint: 'token' | 'introspection' | 'revocation') {
  return {
    [`${endpoint}_endpoint_auth_methods_supported`]: authenticationMethods,
    [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: assertionAlgorithms,
  };
}
