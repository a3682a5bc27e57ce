// Checks a client's assertion (private_key_jwt: RFC 7523 §3, with draft-ietf-oauth-rfc7523bis on aud and typ): is it the client's, for us, and for now?
import { createPublicKey } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWK, type JWTPayload, jwtVerify } from 'jose';
import { clockToleranceSeconds } from '../../lib/auth/access-token.ts';
import { keysFor } from './client-keys.ts';

export interface AssertionToCheck {
  assertion: string;
  clientId: string;
  /** The client's public keys; none for a client that does not exist. */
  keys: readonly JWK[];
  /** What `aud` may be. */
  audiences: readonly string[];
  /** Milliseconds, as `Date.now()` gives them. */
  now: number;
}

export type AssertionCheck =
  /** It counts once: `jti` must not come again before `expiresAt`, when it is too old anyway. */
  | { outcome: 'right'; jti: string; expiresAt: Date }
  /** Not signed by the client, as far as we can see. The reason is for the log alone. */
  | { outcome: 'unproven'; reason: string }
  /** The client has signed it, but it is not for us or not for now: it may know what is wrong. */
  | { outcome: 'unfit'; fault: string };

/** Clients make one a request; the longer one lives, the longer its jti is kept. */
const mostSecondsAhead = 600;
/** An explicit type keeps what a client signs for other ends from being used here; `JWT` is what older clients write. */
const types = ['jwt', 'client-authentication+jwt'];

export async function checkAssertion(check: AssertionToCheck): Promise<AssertionCheck> {
  const { assertion, clientId, keys, audiences, now } = check;
  try {
    for (const { jwk, algs } of keysFor(keys, headerOf(assertion))) {
      const verified = await jwtVerify(assertion, createPublicKey({ key: jwk, format: 'jwk' }), {
        algorithms: algs,
        issuer: clientId,
        subject: clientId,
        audience: [...audiences],
        requiredClaims: ['exp', 'jti'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now),
      }).catch(unlessSignatureDiffers);
      if (verified) return fitting(verified.protectedHeader.typ, verified.payload, now);
    }
    return { outcome: 'unproven', reason: 'no key of the client fits the assertion' };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return unfit('has expired');
    if (error instanceof errors.JWTClaimValidationFailed) return unfit(`has a wrong ${error.claim}, or none`);
    if (error instanceof errors.JOSEError) return { outcome: 'unproven', reason: 'the assertion is malformed' };
    throw error;
  }
}

function headerOf(assertion: string) {
  try {
    return decodeProtectedHeader(assertion);
  } catch {
    throw new errors.JWTInvalid('no JWT');
  }
}

/** Without a `kid`, another key of the client may be the one. */
function unlessSignatureDiffers(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}

/** What a JWT library does not look at. */
function fitting(typ: string | undefined, { aud, exp = 0, jti = '' }: JWTPayload, now: number): AssertionCheck {
  if (typ !== undefined && !types.includes(typ.toLowerCase())) return unfit('has a typ that is for something else');
  // One that is for others, too, could be passed on to us by one of them.
  if (Array.isArray(aud) && aud.length > 1) return unfit('has more than one aud');
  if (exp > now / 1000 + mostSecondsAhead + clockToleranceSeconds) {
    return unfit(`has an exp that is more than ${mostSecondsAhead / 60} minutes ahead`);
  }
  if (typeof jti !== 'string' || !/^\P{Cc}{1,256}$/u.test(jti)) return unfit('has a wrong jti, or none');
  // Twice: once for a client whose clock is ahead, once for a database whose clock is.
  return { outcome: 'right', jti, expiresAt: new Date((exp + 2 * clockToleranceSeconds) * 1000) };
}

function unfit(fault: string): AssertionCheck {
  return { outcome: 'unfit', fault };
}
