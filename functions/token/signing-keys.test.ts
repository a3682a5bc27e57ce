import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createSigningKeys } from './create-signing-key.ts';
import { parseSigningKeys, signingAlgorithms, thumbprint } from './signing-keys.ts';

const rsa = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ format: 'jwk' }) as JWK;
const ec = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }) as JWK;
const ed25519 = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;
const setOf = (...keys: JWK[]) => JSON.stringify({ keys });
const without = (jwk: JWK, member: string) =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => name !== member));

const good = rsa(2048);
const p256 = ec('P-256');

describe('a key set', () => {
  it.each(signingAlgorithms)('made for %s is read again, and publishes no private part', async (alg) => {
    const text = await createSigningKeys(alg);
    const [{ kid, alg: readAlg, privateKey, publicJwk }, ...others] = parseSigningKeys(text);
    expect(others).toEqual([]);
    expect(readAlg).toBe(alg);
    expect(kid).toBe(JSON.parse(text).keys[0].kid);
    expect(publicJwk).toMatchObject({ kid, alg, use: 'sig' });
    expect(privateKey.export({ format: 'jwk' })).toHaveProperty('d');
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(publicJwk).not.toHaveProperty(member);
  });

  it('keeps the order, and the kids that it has', () => {
    const keys = parseSigningKeys(setOf({ ...good, kid: 'old' }, { ...p256, kid: 'new' }, ed25519()));
    expect(keys.map(({ alg }) => alg)).toEqual(['RS256', 'ES256', 'EdDSA']);
    expect(keys.map(({ kid }) => kid).slice(0, 2)).toEqual(['old', 'new']);
  });

  it('gives a key without kid its thumbprint', async () => {
    const [{ kid }] = parseSigningKeys(setOf(good));
    expect(kid).toBe(await calculateJwkThumbprint(good));
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', 'abc', /^is not JSON$/],
    ['a list', '[]', /^must be a JSON Web Key set/],
    ['a key alone', JSON.stringify(good), /^must be a JSON Web Key set/],
    ['an empty set', setOf(), /^has no key/],
    ['a short RSA key', setOf(good, rsa(1024)), /^key 2: has 1024 bits, RSA keys need 2048/],
    ['a public key', setOf(without(good, 'd')), /^key 1: has no private part$/],
    ['half a key', setOf(without(good, 'p')), /^key 1: is not a well-formed private JWK$/],
    ['an EC key with the point of another', setOf({ ...p256, x: ec('P-256').x ?? '' }), /^key 1: /],
    [
      'an RSA key with the modulus of another',
      setOf({ ...good, n: rsa(2048).n ?? '' }),
      /^key 1: its private and public parts do not fit$/,
    ],
    ['a symmetric key', setOf({ kty: 'oct', k: 'c2VjcmV0' }), /^key 1: is of a kind that is not supported/],
    ['another curve', setOf(ec('P-384')), /^key 1: is of a kind that is not supported/],
    ['another algorithm', setOf({ ...good, alg: 'PS256' }), /^key 1: its alg must be RS256$/],
    ['a key for encryption', setOf({ ...good, use: 'enc' }), /^must be a JSON Web Key set/],
    ['one kid twice', setOf({ ...good, kid: 'a' }, { ...p256, kid: 'a' }), /^has two keys of one kid$/],
    ['one key twice', setOf(good, good), /^has two keys of one kid$/],
  ])('that is or has %s is refused', (_, text, message) => {
    expect(() => parseSigningKeys(text)).toThrow(expect.objectContaining({ name: 'SigningKeysError' }));
    expect(() => parseSigningKeys(text)).toThrow(message);
  });
});

describe('a thumbprint', () => {
  it('is that of RFC 7638 §3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    expect(thumbprint({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' })).toBe(
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    );
  });

  it.each([
    ['RSA', good],
    ['EC', p256],
    ['OKP', ed25519()],
  ])('of %s is what others compute', async (_, jwk) => {
    expect(thumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk));
  });
});
