// The routes of the token function.

import { resourceMetadataPath } from '../../lib/auth/challenge.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import { declare } from '../../lib/http/route.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Metrics } from '../../lib/process/metrics.ts';
import type { Sql } from '../../lib/store/database.ts';
import { createAuthentication } from './authenticate.ts';
import { type IntrospectDependencies, introspectOwnToken } from './introspect-token.ts';
import { type IssueDependencies, issueToken } from './issue-token.ts';
import { createTokenMetrics } from './metrics.ts';
import { resourceMetadata } from './resource-metadata.ts';
import { type RevokeDependencies, revokeOwnToken } from './revoke-token.ts';
import { assertionAudiences, serverMetadata } from './server-metadata.ts';
import { createTokenFormat, type TokenFormatOptions } from './token-format.ts';
import { OwnTokenRequest, parameters, TokenRequest } from './token-request.ts';

export interface TokenDependencies extends IssueDependencies, IntrospectDependencies, RevokeDependencies {
  metadata: object;
  resourceMetadata: object;
  keySet: { keys: object[] };
}

const route = declare<never, undefined, TokenDependencies>();
const grant = parameters(TokenRequest);
const own = parameters(OwnTokenRequest);

export const tokenRoutes = {
  // The name of the original API.
  authorize: route({ method: 'POST', path: '/authorize', body: grant, handle: issueToken }),
  issueToken: route({ method: 'POST', path: '/token', body: grant, handle: issueToken }),
  introspectToken: route({ method: 'POST', path: '/introspect', body: own, handle: introspectOwnToken }),
  revokeToken: route({ method: 'POST', path: '/revoke', body: own, handle: revokeOwnToken }),
  getServerMetadata: route({
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    anyOrigin: true,
    handle: async (_request: Request, { metadata }) => shown(metadata),
  }),
  // Where libraries look that were made for OpenID Connect, and for OAuth2 as well: openid-client, those of Java and of .NET.
  getOpenidConfiguration: route({
    method: 'GET',
    path: '/.well-known/openid-configuration',
    anyOrigin: true,
    handle: async (_request: Request, { metadata }) => shown(metadata),
  }),
  getResourceMetadata: route({
    method: 'GET',
    path: resourceMetadataPath,
    anyOrigin: true,
    handle: async (_request: Request, { resourceMetadata }) => shown(resourceMetadata),
  }),
  getKeys: route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    anyOrigin: true,
    handle: async (_request: Request, { keySet }) => shown(keySet),
  }),
};

export interface TokenOptions extends TokenFormatOptions {
  sql: Sql;
  log: Log;
  metrics: Metrics;
  lifetimeSeconds: number;
}

export function createTokenDependencies({
  sql,
  log,
  metrics,
  lifetimeSeconds,
  ...format
}: TokenOptions): TokenDependencies {
  const { issuer, audience, keys } = format;
  return {
    authenticate: createAuthentication(sql, assertionAudiences(issuer)),
    tokens: createTokenFormat(format),
    metadata: serverMetadata(issuer),
    resourceMetadata: resourceMetadata(issuer),
    keySet: { keys: keys.map(({ publicJwk }) => publicJwk) },
    issuer,
    audience,
    lifetimeSeconds,
    metrics: createTokenMetrics(metrics),
    sql,
    log,
  };
}

/** Short enough for a new key to be known soon after it was added. */
const publicForAWhile = { 'cache-control': 'public, max-age=300' };

function shown(body: object): Reply {
  return { status: 200, headers: publicForAWhile, body };
}
