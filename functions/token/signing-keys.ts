// The keys that tokens are signed with: a private JWK set (RFC 7517). The first signs; all are published, so that a key rotates without a gap.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { JWK } from 'jose';
import * as v from 'valibot';
import { parseJson } from '../../lib/http/body.ts';

export const signingAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

export interface SigningKey {
  kid: string;
  alg: SigningAlgorithm;
  privateKey: KeyObject;
  /** What is published: the public members with kid, use and alg. */
  publicJwk: JWK;
}

/** At least one key: the first signs. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]];

/** Says what is wrong with a key set, never what is in it. */
export class SigningKeysError extends Error {
  override readonly name = 'SigningKeysError';
}

/** Shorter ones can be broken (NIST SP 800-131A; RFC 7518 §3.3 demands as much). */
const leastRsaBits = 2048;

const PrivateJwk = v.looseObject({
  kty: v.string(),
  kid: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
  alg: v.optional(v.string()),
  use: v.optional(v.literal('sig')),
});
const JwkSet = v.object({ keys: v.array(PrivateJwk) });

/** Of each kind of key, what RFC 7638 §3.2 hashes. */
const requiredMembers: Record<string, ReadonlySet<string>> = {
  RSA: new Set(['e', 'kty', 'n']),
  EC: new Set(['crv', 'kty', 'x', 'y']),
  OKP: new Set(['crv', 'kty', 'x']),
};

/** Reads the JSON text of a private JWK set, or throws a `SigningKeysError`. A key without `kid` gets its thumbprint. */
export function parseSigningKeys(text: string): SigningKeys {
  const set = v.safeParse(JwkSet, parsedJson(text));
  if (!set.success) throw new SigningKeysError('must be a JSON Web Key set: {"keys": [{"kty": …}, …]}');
  const [first, ...others] = set.output.keys.map((jwk, index) => toSigningKey(jwk, `key ${index + 1}`));
  if (first === undefined) throw new SigningKeysError('has no key in it');
  const keys: SigningKeys = [first, ...others];
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new SigningKeysError('has two keys of one kid');
  return keys;
}

/** Identifies a key by its own content (RFC 7638): the required public members in lexical order, hashed. */
export function thumbprint(jwk: JWK): string {
  const content = Object.fromEntries(Object.entries(jwk).filter(([name]) => requiredMembers[jwk.kty ?? '']?.has(name)));
  return createHash('sha256')
    .update(JSON.stringify(content, Object.keys(content).sort()))
    .digest('base64url');
}

export function parsedJson(text: string): unknown {
  try {
    return parseJson(Buffer.from(text));
  } catch {
    throw new SigningKeysError('is not JSON');
  }
}

function toSigningKey(jwk: v.InferOutput<typeof PrivateJwk>, which: string): SigningKey {
  const privateKey = readPrivateKey(jwk, which);
  const alg = algorithmOf(privateKey, which);
  if (jwk.alg !== undefined && jwk.alg !== alg) throw new SigningKeysError(`${which}: its alg must be ${alg}`);
  const publicKey = createPublicKey(privateKey);
  if (!fits(privateKey, publicKey)) throw new SigningKeysError(`${which}: its private and public parts do not fit`);
  const publicMembers = publicKey.export({ format: 'jwk' }) as JWK;
  const kid = jwk.kid ?? thumbprint(publicMembers);
  return { kid, alg, privateKey, publicJwk: { ...publicMembers, kid, use: 'sig', alg } };
}

function readPrivateKey(jwk: v.InferOutput<typeof PrivateJwk>, which: string): KeyObject {
  if (!['RSA', 'EC', 'OKP'].includes(jwk.kty)) throw unsupported(which);
  if (jwk.d === undefined) throw new SigningKeysError(`${which}: has no private part`);
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new SigningKeysError(`${which}: is not a well-formed private JWK`);
  }
}

/** The algorithm that a key of this kind signs with here, or a `SigningKeysError` where it is too weak or of another kind. */
export function algorithmOf(
  { asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject,
  which: string,
): SigningAlgorithm {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails.namedCurve === 'prime256v1') return 'ES256';
  if (asymmetricKeyType !== 'rsa') throw unsupported(which);
  const bits = asymmetricKeyDetails.modulusLength ?? 0;
  if (bits >= leastRsaBits) return 'RS256';
  throw new SigningKeysError(`${which}: has ${bits} bits, RSA keys need ${leastRsaBits} at least`);
}

/** A set put together by hand may hold halves of two keys; its tokens would be refused everywhere. */
function fits(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const probe = Buffer.from('probe');
  const digest = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return verify(digest, probe, publicKey, sign(digest, probe, privateKey));
  } catch {
    return false;
  }
}

export function unsupported(which: string): SigningKeysError {
  return new SigningKeysError(`${which}: is of a kind that is not supported; RSA, EC P-256 and OKP Ed25519 are`);
}
