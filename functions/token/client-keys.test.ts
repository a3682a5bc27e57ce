import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { keysFor, parsePublicKeys } from './client-keys.ts';

type Pair = {
  privateKey: { export(format: { format: 'jwk' }): unknown };
  publicKey: { export(format: { format: 'jwk' }): unknown };
};
const pairOf = ({ privateKey, publicKey }: Pair) => ({
  secret: privateKey.export({ format: 'jwk' }) as JWK,
  open: publicKey.export({ format: 'jwk' }) as JWK,
});
const rsa = pairOf(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const p256 = pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const ed25519 = pairOf(generateKeyPairSync('ed25519'));
const setOf = (...keys: unknown[]) => JSON.stringify({ keys });

describe('a public key set', () => {
  it('is kept without what nobody needs; a key without kid gets its thumbprint', async () => {
    const [first, second] = parsePublicKeys(
      setOf({ ...rsa.open, kid: 'a', alg: 'PS256', use: 'sig', x5c: ['MII'], note: 'x' }, p256.open),
    );
    expect(first).toEqual({ ...rsa.open, kid: 'a', alg: 'PS256' });
    expect(second).toEqual({ ...p256.open, kid: await calculateJwkThumbprint(p256.open) });
  });

  it('may be empty', () => {
    expect(parsePublicKeys(setOf())).toEqual([]);
  });

  const privately = /^key 1: has its private part in it/;
  it.each<[string, string, RegExp]>([
    ['no JSON', 'abc', /^is not JSON$/],
    ['a key alone', JSON.stringify(rsa.open), /^must be a JSON Web Key set/],
    ['eleven keys', setOf(...Array(11).fill(p256.open)), /of 10 keys for signatures at most$/],
    ['a private RSA key', setOf(rsa.secret), privately],
    ['a private EC key', setOf(p256.secret), privately],
    ['a private Ed25519 key', setOf(ed25519.secret), privately],
    ['one private number of an RSA key', setOf({ ...rsa.open, dq: rsa.secret.dq }), privately],
    ['a symmetric key', setOf({ kty: 'oct', k: 'c2VjcmV0' }), /^key 1: is of a kind that is not supported/],
    ['another kind of key', setOf({ kty: 'AKP', pub: 'x' }), /^key 1: is not a well-formed public JWK$/],
    [
      'a short RSA key',
      setOf(pairOf(generateKeyPairSync('rsa', { modulusLength: 1024 })).open),
      /^key 1: has 1024 bits/,
    ],
    [
      'an RSA key without end',
      setOf({ ...rsa.open, n: 'x'.repeat(11_000) }),
      /^key 1: has \d+ bits, RSA keys may have 8192$/,
    ],
    ['a point that is not on the curve', setOf({ ...p256.open, y: p256.open.x }), /^key 1: is not a well-formed/],
    ['another curve', setOf(pairOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })).open), /^key 1: is of a kind/],
    ['alg none', setOf({ ...rsa.open, alg: 'none' }), /^key 1: its alg must be RS256 or PS256$/],
    ['HS256', setOf(p256.open, { ...rsa.open, alg: 'HS256' }), /^key 2: its alg must be RS256 or PS256$/],
    ['the algorithm of another kind', setOf({ ...p256.open, alg: 'EdDSA' }), /^key 1: its alg must be ES256$/],
    ['a key for encryption', setOf({ ...rsa.open, use: 'enc' }), /^must be a JSON Web Key set/],
    ['one key twice', setOf(p256.open, p256.open), /^has two keys of one kid$/],
  ])('that is or has %s is refused', (_, text, message) => {
    expect(() => parsePublicKeys(text)).toThrow(expect.objectContaining({ name: 'SigningKeysError' }));
    expect(() => parsePublicKeys(text)).toThrow(message);
  });
});

describe('the keys that may have signed', () => {
  const keys = parsePublicKeys(
    setOf(
      { ...rsa.open, kid: 'r' },
      { ...rsa.open, kid: 'ps', alg: 'PS256' },
      { ...p256.open, kid: 'e' },
      { ...ed25519.open, kid: 'd' },
    ),
  );
  it.each<[{ alg?: string; kid?: string }, string[]]>([
    [{ alg: 'RS256' }, ['r']],
    [{ alg: 'PS256' }, ['r', 'ps']],
    [{ alg: 'PS256', kid: 'ps' }, ['ps']],
    [{ alg: 'RS256', kid: 'ps' }, []],
    [{ alg: 'ES256' }, ['e']],
    [{ alg: 'EdDSA' }, ['d']],
    [{ alg: 'Ed25519' }, ['d']],
    [{ alg: 'RS384' }, []],
    [{ alg: 'HS256', kid: 'r' }, []],
    [{ alg: 'none' }, []],
    [{ kid: 'r' }, []],
    [{ alg: 'ES256', kid: 'nobody' }, []],
  ])('%j: %j', (header, kids) => {
    expect(keysFor(keys, header).map(({ jwk }) => jwk.kid)).toEqual(kids);
  });
});
