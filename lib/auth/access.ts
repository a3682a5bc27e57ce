// Checks the `Authorization: Bearer` header of a request (RFC 6750): an access token or an API key, and whether it may do this.
import { ApiError } from '../http/errors.ts';
import { headerWithin } from '../http/size-limits.ts';
import { counter, type Metrics } from '../process/metrics.ts';
import { type AccessTokenOptions, createTokenCheck, invalidToken } from './access-token.ts';
import { isMeantAsKey } from './api-key.ts';
import type { Caller, Needed, Scope } from './caller.ts';
import { challenge, withMetadata } from './challenge.ts';
import { createKeyCheck } from './key-check.ts';

export interface AccessOptions extends AccessTokenOptions {
  metrics?: Metrics;
}

export interface Presented {
  authorization: string | undefined;
  /** The network that the caller is in. */
  network: () => string;
}

export type CheckAccess = (presented: Presented, needed: Needed) => Promise<Caller>;

/**
 * The returned function throws `missing_token`, `invalid_token` or `restricted_api_key` (401), `invalid_api_key` or
 * `insufficient_scope` (403), `rate_limit_exceeded` (429), or `unavailable` (503).
 */
export function createAccessCheck(options: AccessOptions): CheckAccess {
  const checkToken = createTokenCheck(options);
  const checkKey = createKeyCheck(options.sql);
  const refusals = options.metrics && refusalMetric(options.metrics);

  async function check({ authorization, network }: Presented, { scope, orScope }: Needed): Promise<Caller> {
    const credential = bearerOf(authorization);
    const caller = await (isMeantAsKey(credential) ? checkKey(credential, network) : checkToken(credential));
    const { scopes, key } = caller;
    if (scopes.includes(scope) || (orScope !== undefined && scopes.includes(orScope))) return caller;
    throw key ? restrictedKey(scopes, scope) : insufficientScope(scope);
  }

  return async (presented, needed) => {
    try {
      return await check(presented, needed);
    } catch (error) {
      refusals?.inc({ code: error instanceof ApiError ? error.code : 'unavailable' });
      if (error instanceof ApiError) pointToMetadata(error, options.issuer);
      throw error;
    }
  };
}

/** Whatever was wrong with the credential: where to read how a good one is got. */
function pointToMetadata({ headers }: ApiError, issuer: string): void {
  const asked = headers['www-authenticate'];
  if (asked !== undefined) headers['www-authenticate'] = withMetadata(asked, issuer);
}

function refusalMetric(metrics: Metrics) {
  return counter(metrics, 'access_refused_total', 'Requests refused for their access token or API key, by problem.', [
    'code',
  ]);
}

/** Most characters of the header; our tokens have less than 2,000. */
const maxHeader = 8_000;

function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined) {
    const what = 'Send an access token (POST /token gives one) or an API key: "Authorization: Bearer …".';
    throw new ApiError('missing_token', what, { headers: challenge() });
  }
  const [, credential] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(headerWithin(authorization, maxHeader) ?? '') ?? [];
  if (credential === undefined) throw invalidToken('The Authorization header is not of the form "Bearer <token>".');
  return credential;
}

function insufficientScope(scope: Scope): ApiError {
  return new ApiError('insufficient_scope', `This needs a token with the scope "${scope}".`, scopeHeaders(scope));
}

function restrictedKey(scopes: readonly string[], scope: Scope): ApiError {
  const isForSending = scopes.length === 1 && scopes[0] === 'emails:send';
  const message = isForSending
    ? 'This API key is restricted to only send emails.'
    : `This needs an API key with the scope "${scope}".`;
  return new ApiError('restricted_api_key', message, scopeHeaders(scope));
}

function scopeHeaders(scope: Scope) {
  return { headers: challenge({ error: 'insufficient_scope', scope }) };
}
