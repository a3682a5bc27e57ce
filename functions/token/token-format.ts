// Our access tokens as text: JWTs of RFC 9068, signed here, and read again for introspection and revocation. lib/auth/access-token.ts checks them for the API.
import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import * as v from 'valibot';
import { clockToleranceSeconds, signatureAlgorithms } from '../../lib/auth/access-token.ts';
import { createSigner } from './sign-token.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface TokenFormatOptions {
  keys: SigningKeys;
  issuer: string;
  audience: string;
}

const Claims = v.object({
  iss: v.string(),
  aud: v.string(),
  sub: v.string(),
  client_id: v.string(),
  jti: v.pipe(v.string(), v.uuid()),
  iat: v.number(),
  nbf: v.number(),
  exp: v.number(),
  scope: v.string(),
});

/** Times are seconds since 1970 (RFC 7519 §2). */
export type TokenClaims = v.InferOutput<typeof Claims>;

export interface TokenFormat {
  sign(clientId: string, scopes: readonly string[], lifetimeSeconds: number): Promise<{ token: string; jti: string }>;
  /** The claims of a token of ours that has not ended, as the API would take it; undefined for anything else. */
  read(token: string): Promise<TokenClaims | undefined>;
}

/** A token can be used at once where a clock is this much behind ours; its end does not move, as a wider tolerance would. */
const clockLeadSeconds = 300;

export function createTokenFormat({ keys, issuer, audience }: TokenFormatOptions): TokenFormat {
  const signToken = createSigner(keys[0]);
  const publicKeys = createLocalJWKSet({ keys: keys.map(({ publicJwk }) => publicJwk) });

  return {
    async sign(clientId, scopes, lifetimeSeconds) {
      const jti = randomUUID();
      const now = Math.floor(Date.now() / 1000);
      const token = await signToken({
        client_id: clientId,
        scope: scopes.join(' '),
        // Beside `scope`: league/oauth2-server, which the original API was built on, writes and reads the list.
        scopes,
        iss: issuer,
        aud: audience,
        sub: clientId,
        jti,
        iat: now,
        nbf: now - clockLeadSeconds,
        exp: now + lifetimeSeconds,
      });
      return { token, jti };
    },

    async read(token) {
      try {
        const { payload } = await jwtVerify(token, publicKeys, {
          issuer,
          audience,
          algorithms: signatureAlgorithms,
          typ: 'at+jwt',
          clockTolerance: clockToleranceSeconds,
        });
        const claims = v.safeParse(Claims, payload);
        return claims.success ? claims.output : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
