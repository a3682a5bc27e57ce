// POST /authorize and POST /token: the client-credentials grant (RFC 6749 §4.4).
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Client } from '../../lib/store/clients/clients.ts';
import type { Authenticate } from './authenticate.ts';
import { credentialNames } from './credentials.ts';
import type { TokenMetrics } from './metrics.ts';
import { noStore, OAuthError } from './oauth-error.ts';
import { type Given, readParameters, readResources } from './parameters.ts';
import { checkResources } from './resource.ts';
import type { TokenFormat } from './token-format.ts';
import { grantTypes } from './token-request.ts';

export interface IssueDependencies {
  authenticate: Authenticate;
  tokens: TokenFormat;
  issuer: string;
  audience: string;
  /** Of clients that have none of their own. */
  lifetimeSeconds: number;
  metrics: TokenMetrics;
  log: Log;
}

const grantParameters = ['grant_type', 'scope', ...credentialNames] as const;

export async function issueToken(
  request: Request<undefined, undefined, Given>,
  dependencies: IssueDependencies,
): Promise<Reply> {
  const { metrics } = dependencies;
  try {
    const reply = await issue(request, dependencies);
    metrics.issued();
    return reply;
  } catch (error) {
    // A database that is away is no refusal: the host knows it, and counts it as 503.
    if (error instanceof OAuthError || error instanceof ApiError) metrics.refused(error);
    throw error;
  }
}

async function issue(
  request: Request<undefined, undefined, Given>,
  { authenticate, tokens, log, ...api }: IssueDependencies,
): Promise<Reply> {
  const parameters = readParameters(request.body, grantParameters);
  checkGrantType(parameters.grant_type);
  const client = await authenticate(request, parameters);
  const scopes = grantedScopes(parameters.scope, client);
  checkResources(readResources(request.body), api);
  const lifetimeSeconds = client.token_lifetime_seconds ?? api.lifetimeSeconds;
  const { token, jti } = await tokens.sign(client.client_id, scopes, lifetimeSeconds);
  const scope = scopes.join(' ');
  log.info('token issued', { client_id: client.client_id, jti, scope, request_id: request.requestId });
  return {
    status: 200,
    headers: noStore,
    body: { token_type: 'Bearer', expires_in: lifetimeSeconds, access_token: token, scope },
  };
}

function checkGrantType(grantType: string | undefined): void {
  if (grantType === undefined) throw new OAuthError('invalid_request', 'grant_type is missing.');
  if (grantTypes.some((known) => known === grantType)) return;
  throw new OAuthError('unsupported_grant_type', `grant_type must be ${grantTypes.join(' or ')}.`);
}

/** The scopes asked for, in that order and once each (RFC 6749 §3.3); all of the client's where none are asked for. */
function grantedScopes(asked: string | undefined, { client_id, scopes }: Client): string[] {
  if (asked === undefined) return scopes;
  const granted = [...new Set(asked.split(' '))];
  if (granted.every((scope) => scopes.includes(scope))) return granted;
  throw new OAuthError(
    'invalid_scope',
    `This client may ask for these scopes, with one space between: ${scopes.join(' ')}.`,
    {
      clientId: client_id,
    },
  );
}
