// The routes of the token function.

import type { Request } from '../../lib/http/exchange.ts';
import type { Route } from '../../lib/http/route.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';
import { createAuthentication } from './authenticate.ts';
import { createIntrospectToken } from './introspect-token.ts';
import { createIssueToken } from './issue-token.ts';
import { OAuthError, oauthErrorReply } from './oauth-error.ts';
import { parameterMediaTypes } from './parameters.ts';
import { createRevokeToken } from './revoke-token.ts';
import { assertionAudiences, serverMetadata } from './server-metadata.ts';
import { createTokenFormat, type TokenFormatOptions } from './token-format.ts';

export interface TokenRoutesOptions extends TokenFormatOptions {
  sql: Sql;
  log: Log;
  lifetimeSeconds: number;
}

/** Short enough for a new key to be known soon after it was added. */
const publicForAWhile = { 'cache-control': 'public, max-age=300' };

export function createTokenRoutes({ sql, log, lifetimeSeconds, ...format }: TokenRoutesOptions): Route[] {
  const { issuer, audience, keys } = format;
  const authenticate = createAuthentication(sql, assertionAudiences(issuer));
  const tokens = createTokenFormat(format);
  const issue = createIssueToken({ authenticate, tokens, issuer, audience, lifetimeSeconds, log });
  const introspect = createIntrospectToken({ authenticate, tokens, sql });
  const revoke = createRevokeToken({ authenticate, tokens, sql, log });
  const keySet = { keys: keys.map(({ publicJwk }) => publicJwk) };

  return [
    oauthRoute('/authorize', issue),
    oauthRoute('/token', issue),
    oauthRoute('/introspect', introspect),
    oauthRoute('/revoke', revoke),
    publicRoute('/.well-known/oauth-authorization-server', serverMetadata(issuer)),
    publicRoute('/.well-known/jwks.json', keySet),
  ];

  /** A POST whose refusals are answered, and logged, in one place. */
  function oauthRoute(path: string, handle: Route['handle']): Route {
    return {
      method: 'POST',
      path,
      accepts: parameterMediaTypes,
      handle: (request) => handle(request).catch((error) => refuse(error, request)),
    };
  }

  function refuse(error: unknown, { path, address }: Request) {
    if (!(error instanceof OAuthError)) throw error;
    const { code, clientId, reason = error.description } = error;
    log.warn('refused', { path, error: code, reason, client_id: clientId, address });
    return oauthErrorReply(error);
  }
}

function publicRoute(path: string, body: Record<string, unknown>): Route {
  return { method: 'GET', path, handle: async () => ({ status: 200, headers: publicForAWhile, body }) };
}
