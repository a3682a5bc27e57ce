// The public keys of clients: what an operator may register, and which of them may have signed an assertion.
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import * as v from 'valibot';
import { algorithmOf, parsedJson, SigningKeysError, thumbprint, unsupported } from './signing-keys.ts';

/** By kind of key, the algorithms of assertions. A closed list; Ed25519 is the new name of EdDSA with that curve (RFC 9864). */
const algorithms: Record<string, readonly string[]> = {
  RSA: ['RS256', 'PS256'],
  EC: ['ES256'],
  OKP: ['EdDSA', 'Ed25519'],
};
export const assertionAlgorithms = Object.values(algorithms).flat();

/** Enough to change from one key to the next in several places. */
const mostKeys = 10;
/** Longer ones cost more than they protect. */
const mostRsaBits = 8192;

const PublicJwk = v.looseObject({
  kty: v.string(),
  kid: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
  alg: v.optional(v.string()),
  use: v.optional(v.literal('sig')),
});
const JwkSet = v.object({ keys: v.pipe(v.array(PublicJwk), v.maxLength(mostKeys)) });

/** Members that only a private or a symmetric key has (RFC 7518 §6). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads the JSON text of a public JWK set, or throws a `SigningKeysError`. What is returned has what verification needs and no
 * more; a key without `kid` gets its thumbprint.
 */
export function parsePublicKeys(text: string): JWK[] {
  const set = v.safeParse(JwkSet, parsedJson(text));
  if (!set.success) {
    throw new SigningKeysError(`must be a JSON Web Key set, {"keys":[…]}, of ${mostKeys} keys for signatures at most`);
  }
  const keys = set.output.keys.map((jwk, index) => toPublicKey(jwk, `key ${index + 1}`));
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new SigningKeysError('has two keys of one kid');
  return keys;
}

function toPublicKey(jwk: v.InferOutput<typeof PublicJwk>, which: string): JWK {
  if (jwk.kty === 'oct') throw unsupported(which);
  if (privateMembers.some((member) => member in jwk)) {
    throw new SigningKeysError(
      `${which}: has its private part in it, which is for the client alone; give the public part`,
    );
  }
  const key = readPublicKey(jwk, which);
  const kind = algorithmOf(key, which);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits > mostRsaBits) throw new SigningKeysError(`${which}: has ${bits} bits, RSA keys may have ${mostRsaBits}`);
  const possible = algorithms[jwk.kty] ?? [];
  if (jwk.alg !== undefined && !possible.includes(jwk.alg)) {
    throw new SigningKeysError(`${which}: its alg must be ${kind === 'RS256' ? possible.join(' or ') : kind}`);
  }
  const members = key.export({ format: 'jwk' }) as JWK;
  return { ...members, kid: jwk.kid ?? thumbprint(members), ...(jwk.alg !== undefined && { alg: jwk.alg }) };
}

function readPublicKey(jwk: v.InferOutput<typeof PublicJwk>, which: string): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new SigningKeysError(`${which}: is not a well-formed public JWK`);
  }
}

/** The keys that may have signed what has this header, with the algorithms that each may be used with. */
export function keysFor(keys: readonly JWK[], { alg, kid }: { alg?: string; kid?: string }) {
  return keys
    .filter((key) => kid === undefined || key.kid === kid)
    .map((jwk) => ({ jwk, algs: algorithmsOf(jwk) }))
    .filter(({ algs }) => alg !== undefined && algs.includes(alg));
}

/** An RSA key may say that it is for one of its two algorithms; the two names of EdDSA are one algorithm. */
function algorithmsOf({ kty = '', alg }: JWK): string[] {
  const possible = algorithms[kty] ?? [];
  return possible.filter((name) => kty === 'OKP' || alg === undefined || name === alg);
}
