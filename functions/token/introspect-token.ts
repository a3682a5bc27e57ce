// POST /introspect (RFC 7662): a client asks what became of a token of its own.
import type { Reply, Request } from '../../lib/http/exchange.ts';
import type { Sql } from '../../lib/store/database.ts';
import { findEndings } from '../../lib/store/tokens/revoked-tokens.ts';
import type { Authenticate } from './authenticate.ts';
import { credentialNames } from './credentials.ts';
import { noStore, OAuthError } from './oauth-error.ts';
import { type Given, readParameters } from './parameters.ts';
import type { TokenClaims, TokenFormat } from './token-format.ts';

export interface IntrospectDependencies {
  authenticate: Authenticate;
  tokens: TokenFormat;
  sql: Sql;
}

export async function introspectOwnToken(
  request: Request<undefined, undefined, Given>,
  { authenticate, tokens, sql }: IntrospectDependencies,
): Promise<Reply> {
  const parameters = readParameters(request.body, ['token', ...credentialNames]);
  const client = await authenticate(request, parameters);
  if (parameters.token === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  const claims = await tokens.read(parameters.token);
  if (claims === undefined || claims.client_id !== client.client_id) return answer({ active: false });
  const isActive = hasNotExpired(claims) && !(await hasBeenEnded(sql, claims));
  return answer(isActive ? { active: true, token_type: 'Bearer', ...claims } : { active: false });
}

/** To the second: the tolerance for differing clocks is for others' clocks (nbf), not ours. */
function hasNotExpired({ exp }: TokenClaims): boolean {
  return exp * 1000 > Date.now();
}

async function hasBeenEnded(sql: Sql, { jti, client_id: clientId }: TokenClaims): Promise<boolean> {
  const [ending] = await findEndings(sql, [{ jti, clientId }]);
  return ending !== undefined;
}

function answer(body: Record<string, unknown>): Reply {
  return { status: 200, headers: noStore, body };
}
