import { createPrivateKey, createPublicKey } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { type AssertionToCheck, checkAssertion } from './check-assertion.ts';
import { parsePublicKeys } from './client-keys.ts';

const issuer = 'https://api.example.test';
const audiences = [issuer, `${issuer}/token`, `${issuer}/authorize`];
const now = 1_800_000_000;

async function pairOf(alg: string, kid?: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const [jwk] = parsePublicKeys(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...(kid && { kid }) }] }));
  return { privateKey, jwk: jwk as JWK };
}
const own = await pairOf('RS256', 'own');
const second = await pairOf('RS256', 'second');
const foreign = await pairOf('RS256', 'own');
const good = { iss: 'shop', sub: 'shop', aud: issuer, exp: now + 60, jti: 'id-1' };

interface Signing {
  header?: Record<string, unknown>;
  by?: Parameters<SignJWT['sign']>[0];
}
const signed = (claims: object, { header = {}, by = own.privateKey }: Signing = {}) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', ...header }).sign(by);

const check = (assertion: string, changes: Partial<AssertionToCheck> = {}) =>
  checkAssertion({ assertion, clientId: 'shop', keys: [own.jwk], audiences, now: now * 1000, ...changes });

describe('an assertion', () => {
  it('is right, and says until when its jti must be kept', async () => {
    expect(await check(await signed(good))).toEqual({
      outcome: 'right',
      jti: 'id-1',
      expiresAt: new Date((now + 60 + 120) * 1000),
    });
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])('may be signed with %s', async (alg) => {
    const { privateKey, jwk } = await pairOf(alg);
    const assertion = await signed(good, { header: { alg }, by: privateKey });
    expect(await check(assertion, { keys: [jwk] })).toMatchObject({ outcome: 'right' });
  });

  it.each<[string, object, Signing?]>([
    ['for the token endpoint', { ...good, aud: `${issuer}/token` }],
    ['for the token endpoint by its other name', { ...good, aud: `${issuer}/authorize` }],
    ['for the issuer, in a list', { ...good, aud: [issuer] }],
    ['of a clock that is behind', { ...good, exp: now - 59 }],
    ['of a clock that is ahead', { ...good, nbf: now + 59, iat: now + 59, exp: now + 659 }],
    ['of the old type', good, { header: { typ: 'JWT' } }],
    ['of the new type', good, { header: { typ: 'client-authentication+jwt' } }],
    ['that names its key', good, { header: { kid: 'own' } }],
    ['that does not say which of two keys it is of', good, { by: second.privateKey }],
  ])('is right %s', async (_, claims, signing) => {
    expect(await check(await signed(claims, signing), { keys: [own.jwk, second.jwk] })).toMatchObject({
      outcome: 'right',
    });
  });

  it.each<[string, object, string]>([
    ['of another issuer', { ...good, iss: 'other' }, 'has a wrong iss, or none'],
    ['about another client', { ...good, sub: 'other' }, 'has a wrong sub, or none'],
    ['without issuer', { ...good, iss: undefined }, 'has a wrong iss, or none'],
    ['for another server', { ...good, aud: 'https://other.example.test' }, 'has a wrong aud, or none'],
    ['for another endpoint', { ...good, aud: `${issuer}/introspect` }, 'has a wrong aud, or none'],
    ['for us and another server', { ...good, aud: [issuer, 'https://other.example.test'] }, 'has more than one aud'],
    ['for nobody', { ...good, aud: undefined }, 'has a wrong aud, or none'],
    ['expired', { ...good, exp: now - 60 }, 'has expired'],
    ['without an end', { ...good, exp: undefined }, 'has a wrong exp, or none'],
    ['with an end that is no number', { ...good, exp: '1800000060' }, 'has a wrong exp, or none'],
    ['for the far future', { ...good, exp: now + 661 }, 'has an exp that is more than 10 minutes ahead'],
    ['for later', { ...good, nbf: now + 61 }, 'has a wrong nbf, or none'],
    ['without jti', { ...good, jti: undefined }, 'has a wrong jti, or none'],
    ['of an empty jti', { ...good, jti: '' }, 'has a wrong jti, or none'],
    ['of a jti that is no text', { ...good, jti: 1 }, 'has a wrong jti, or none'],
    ['of a jti that PostgreSQL cannot hold', { ...good, jti: 'a\0b' }, 'has a wrong jti, or none'],
    ['of a long jti', { ...good, jti: 'x'.repeat(257) }, 'has a wrong jti, or none'],
  ])('%s is unfit, and its client is told why', async (_, claims, fault) => {
    expect(await check(await signed(claims))).toEqual({ outcome: 'unfit', fault });
  });

  it('that is an access token, or anything else that says what it is, is unfit', async () => {
    for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt']) {
      expect(await check(await signed(good, { header: { typ } }))).toMatchObject({ outcome: 'unfit' });
    }
  });
});

describe('an attack', () => {
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const pem = createPublicKey({ key: own.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const jwkText = JSON.stringify(own.jwk);
  const ofNone = (alg: string) => `${base64({ alg, kid: 'own' })}.${base64(good)}.`;
  const hmac = (secret: string | Buffer) =>
    new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: 'own' }).sign(Buffer.from(secret));

  it.each<[string, () => string | Promise<string>, Partial<AssertionToCheck>?]>([
    ['by alg none', () => ofNone('none')],
    ['by alg nOnE', () => ofNone('nOnE')],
    ['by RS256 without a signature', () => ofNone('RS256')],
    ['by HS256 with the public key as PEM', () => hmac(pem)],
    ['by HS256 with the public key as JWK', () => hmac(jwkText)],
    ['by another client’s key', () => signed(good, { by: second.privateKey })],
    [
      'by another client’s key that has our kid',
      () => signed(good, { by: foreign.privateKey, header: { kid: 'own' } }),
    ],
    [
      'by a key that it brings along',
      () => signed(good, { by: foreign.privateKey, header: { jwk: foreign.jwk, jku: 'https://evil.example.test' } }),
    ],
    ['by a key that is no longer registered', () => signed(good), { keys: [second.jwk] }],
    ['for a client that has no keys', () => signed(good), { keys: [] }],
    [
      'by a changed claim',
      async () => {
        const [header, , signature] = (await signed(good)).split('.');
        return `${header}.${base64({ ...good, exp: now + 120 })}.${signature}`;
      },
    ],
    [
      'by an unknown critical header',
      () => signed(good).then((jwt) => jwt.replace(/^[^.]+/, base64({ alg: 'RS256', crit: ['x'], x: 1 }))),
    ],
    ['by nonsense', () => 'abc'],
    ['by five parts, as of an encrypted JWT', () => 'e30.e30.e30.e30.e30'],
    ['by nothing', () => ''],
  ])('%s is unproven, and nobody is told more', async (_, make, changes) => {
    expect(await check(await make(), changes)).toMatchObject({ outcome: 'unproven' });
  });

  it('with an RSA key that is for the other of its algorithms is unproven', async () => {
    const privateKey = createPrivateKey({ key: (await exportJWK(own.privateKey)) as never, format: 'jwk' });
    const assertion = await signed(good, { header: { alg: 'PS256' }, by: privateKey });
    expect(await check(assertion, { keys: [{ ...own.jwk, alg: 'RS256' }] })).toMatchObject({ outcome: 'unproven' });
    expect(await check(assertion)).toMatchObject({ outcome: 'right' });
  });
});
