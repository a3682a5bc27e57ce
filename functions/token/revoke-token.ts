// POST /revoke (RFC 7009): a client ends a token of its own before its time.
import type { Reply, Request } from '../../lib/http/exchange.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';
import { revokeToken } from '../../lib/store/tokens/revoked-tokens.ts';
import type { Authenticate } from './authenticate.ts';
import { credentialNames } from './credentials.ts';
import { noStore, OAuthError } from './oauth-error.ts';
import { type Given, readParameters } from './parameters.ts';
import type { TokenFormat } from './token-format.ts';

export interface RevokeDependencies {
  authenticate: Authenticate;
  tokens: TokenFormat;
  sql: Sql;
  log: Log;
}

/** The answer is the same for a token that is unknown, has ended, or belongs to another client: it is of no use to the caller (§2.2). */
const done: Reply = { status: 200, headers: noStore };

export async function revokeOwnToken(
  request: Request<undefined, undefined, Given>,
  { authenticate, tokens, sql, log }: RevokeDependencies,
): Promise<Reply> {
  const parameters = readParameters(request.body, ['token', ...credentialNames]);
  const client = await authenticate(request, parameters);
  if (parameters.token === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  const claims = await tokens.read(parameters.token);
  if (claims === undefined || claims.client_id !== client.client_id) return done;
  await revokeToken(sql, claims.jti, new Date(claims.exp * 1000));
  log.info('token revoked', { client_id: client.client_id, jti: claims.jti, request_id: request.requestId });
  return done;
}
