// Checks access tokens: JWTs (RFC 9068) verified with the token function's published keys, then against revocation and disabled clients.
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import * as v from 'valibot';
import { ApiError } from '../http/errors.ts';
import { createBatcher } from '../process/batch.ts';
import { isDatabaseUnavailable, type Sql } from '../store/database.ts';
import { type Ending, findEndings } from '../store/tokens/revoked-tokens.ts';
import type { Caller } from './caller.ts';
import { challenge } from './challenge.ts';
import { createKeySet } from './key-set.ts';

export interface AccessToken extends Caller {
  jti: string;
}

export interface AccessTokenOptions {
  issuer: string;
  audience: string;
  jwksUrl: string;
  sql: Sql;
}

/** Signature algorithms that the token function may use. A closed list, so that `none` and HMAC with a public key are refused. */
export const signatureAlgorithms = ['RS256', 'ES256', 'EdDSA'];

/** Clocks of functions may differ by this much. */
export const clockToleranceSeconds = 60;

const endings: Record<Ending, string> = {
  revoked: 'The access token has been revoked.',
  'client disabled': 'The client of the access token is disabled.',
};

/** How long, and for how many tokens, the verification is cached; an entry takes about 2 kB. */
const rememberedMs = 60_000;
const mostRemembered = 2_000;

const Claims = v.object({
  sub: v.string(),
  client_id: v.string(),
  jti: v.pipe(v.string(), v.uuid()),
  scope: v.string(),
});

/** Returns the check of an access token. It throws `invalid_token` (401) with `WWW-Authenticate`, or `unavailable` (503). */
export function createTokenCheck({ issuer, audience, jwksUrl, sql }: AccessTokenOptions) {
  const keys = createKeySet(jwksUrl);
  const findEnding = createBatcher((tokens: AccessToken[]) => findEndings(sql, tokens), {
    maxItems: 500,
    failsAll: isDatabaseUnavailable,
  });

  const known = new LRUCache<string, AccessToken>({ max: mostRemembered });

  /** A signature stays valid. The cache time is short, so that a withdrawn key does not live on in here. */
  async function verify(text: string): Promise<AccessToken> {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const { token, expiresAt } = await verifySignature(text);
    const ttl = Math.min(expiresAt - Date.now(), rememberedMs);
    // In lru-cache, a time of 0 means no expiry.
    if (ttl > 0) known.set(text, token, { ttl });
    return token;
  }

  async function verifySignature(token: string): Promise<{ token: AccessToken; expiresAt: number }> {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: signatureAlgorithms,
      typ: 'at+jwt',
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id', 'scope'],
    }).catch((error) => {
      throw verificationError(error);
    });
    return { token: toAccessToken(payload), expiresAt: (payload.exp ?? 0) * 1000 };
  }

  return async (text: string): Promise<AccessToken> => {
    const token = await verify(text);
    const ending = await findEnding(token);
    if (ending !== undefined) throw invalidToken(endings[ending]);
    return token;
  };
}

function toAccessToken(payload: JWTPayload): AccessToken {
  const claims = v.safeParse(Claims, payload);
  if (!claims.success) throw invalidToken('The access token lacks claims that ours have.');
  const { client_id, scope, jti } = claims.output;
  return { clientId: client_id, scopes: scope.split(' '), allowedSenders: null, jti };
}

function verificationError(error: unknown): ApiError {
  if (error instanceof errors.JWTExpired) return invalidToken('The access token has expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return invalidToken(`The access token is not for this API: its ${error.claim} claim does not fit.`);
  }
  if (!(error instanceof errors.JOSEError)) {
    return new ApiError('unavailable', 'The keys that tokens are checked with cannot be fetched. Try again.', {
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  return invalidToken('The access token is malformed or was not signed by this API.');
}

export function invalidToken(message: string): ApiError {
  return new ApiError('invalid_token', message, {
    headers: challenge({ error: 'invalid_token', error_description: message }),
  });
}
