import { createPublicKey, randomUUID } from 'node:crypto';
import { decodeProtectedHeader, importJWK, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createSigningKeys } from './create-signing-key.ts';
import { parseSigningKeys, type SigningKeys, signingAlgorithms } from './signing-keys.ts';
import { createTokenFormat } from './token-format.ts';

const issuer = 'https://api.example.test';
const audience = 'https://mail.example.test';
const options = { issuer, audience };
const newKeys = async (alg: 'RS256' | 'ES256' | 'EdDSA' = 'ES256') => parseSigningKeys(await createSigningKeys(alg));

const keys = await newKeys('RS256');
const { sign, read } = createTokenFormat({ keys, ...options });
const now = Math.floor(Date.now() / 1000);
const claims = {
  iss: issuer,
  aud: audience,
  sub: 'a',
  client_id: 'a',
  jti: randomUUID(),
  iat: now,
  nbf: now,
  exp: now + 600,
  scope: 'basic',
};

function signed(payload: object, { header = {}, by = keys }: { header?: object; by?: SigningKeys } = {}) {
  const [{ alg, kid, privateKey }] = by;
  return new SignJWT({ ...payload }).setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header }).sign(privateKey);
}

describe('a token', () => {
  it.each(signingAlgorithms)('signed with %s is one of RFC 9068 that the published key verifies', async (alg) => {
    const own = await newKeys(alg);
    const [{ kid, publicJwk }] = own;
    const { token, jti } = await createTokenFormat({ keys: own, ...options }).sign('a', ['basic', 'email'], 600);
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK(publicJwk), { issuer, audience });
    expect(protectedHeader).toEqual({ alg, kid, typ: 'at+jwt' });
    expect(payload).toEqual({
      iss: issuer,
      aud: audience,
      sub: 'a',
      client_id: 'a',
      jti,
      iat: (payload.nbf ?? 0) + 300,
      nbf: expect.any(Number),
      exp: (payload.nbf ?? 0) + 300 + 600,
      scope: 'basic email',
      scopes: ['basic', 'email'],
    });
    expect(Math.abs(Date.now() / 1000 - (payload.iat ?? 0))).toBeLessThan(60);
  });

  it('has its own jti', async () => {
    const [one, other] = await Promise.all([sign('a', ['basic'], 600), sign('a', ['basic'], 600)]);
    expect(one.jti).not.toBe(other.jti);
  });

  it('is signed by the first key and read by all: a key rotates without a gap', async () => {
    const [next] = await newKeys('EdDSA');
    const rotated = createTokenFormat({ keys: [next, ...keys], ...options });
    const { token, jti } = await sign('a', ['basic'], 600);
    expect(await rotated.read(token)).toMatchObject({ jti });
    const fresh = await rotated.sign('a', ['basic'], 600);
    expect(decodeProtectedHeader(fresh.token).kid).toBe(next.kid);
    expect(await read(fresh.token)).toBeUndefined();
  });
});

describe('reading a token', () => {
  it('gives its claims', async () => {
    expect(await read(await signed(claims))).toEqual(claims);
  });

  it('allows for clocks that differ, as the API does', async () => {
    expect(await read(await signed({ ...claims, nbf: now + 30 }))).toBeDefined();
    expect(await read(await signed({ ...claims, exp: now - 30 }))).toBeDefined();
  });

  const publicPem = createPublicKey(keys[0].privateKey).export({ type: 'spki', format: 'pem' });
  it.each<[string, () => Promise<string> | string]>([
    ['nonsense', () => 'abc'],
    ['empty', () => ''],
    ['without a signature', () => new UnsecuredJWT(claims).encode()],
    ['without a signature, but our kid', async () => (await signed(claims)).replace(/[^.]*$/, '')],
    [
      'of alg none, with our kid',
      async () => {
        const [, payload] = (await signed(claims)).split('.');
        const header = JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: keys[0].kid });
        return `${Buffer.from(header).toString('base64url')}.${payload}.`;
      },
    ],
    [
      'of HS256 with the public key as its secret',
      () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: keys[0].kid })
          .sign(Buffer.from(publicPem)),
    ],
    ['of a foreign key', async () => signed(claims, { by: await newKeys('RS256') })],
    [
      'of a foreign key with our kid',
      async () => signed(claims, { by: await newKeys('RS256'), header: { kid: keys[0].kid } }),
    ],
    ['of another type', () => signed(claims, { header: { typ: 'JWT' } })],
    ['of another issuer', () => signed({ ...claims, iss: 'https://other.example.test' })],
    ['for somebody else', () => signed({ ...claims, aud: 'https://other.example.test' })],
    ['expired', () => signed({ ...claims, exp: now - 61 })],
    ['of the future', () => signed({ ...claims, nbf: now + 120 })],
    ['without an end', () => signed({ ...claims, exp: undefined })],
    ['with a jti that is none of ours', () => signed({ ...claims, jti: "x' or 1=1" })],
  ])('gives nothing for one that is %s', async (_, make) => {
    expect(await read(await make())).toBeUndefined();
  });
});
