// Introspection and revocation over HTTP, and what the API's own check of tokens makes of them.
import { randomUUID } from 'node:crypto';
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestCheck, type TestCheck } from '../../infra/test/check-access.ts';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import {
  exampleClient,
  getToken,
  issuer,
  json,
  type RunningFunction,
  startFunction,
} from '../../infra/test/functions.ts';
import { replaceSecrets } from '../../lib/store/clients/client-secrets.ts';
import { disableClient, enableClient, insertClient } from '../../lib/store/clients/clients.ts';
import { findEndings, revokeToken } from '../../lib/store/tokens/revoked-tokens.ts';
import { createSigningKeys } from './create-signing-key.ts';
import { hashSecret } from './secret-hash.ts';
import { parseSigningKeys } from './signing-keys.ts';
import { createTokenFormat } from './token-format.ts';

const { scope, ...owner } = exampleClient;
const other = { client_id: 'other', client_secret: 'abc123' };
const SIGNING_KEYS = await createSigningKeys('ES256');
const format = createTokenFormat({ keys: parseSigningKeys(SIGNING_KEYS), issuer, audience: issuer });
const endedBefore = async (seconds: number) => (await format.sign(owner.client_id, ['basic'], -seconds)).token;
const endedLongAgo = () => endedBefore(3600);
/** So short a time ago that a function whose clock is slow still takes them. */
const endedJustNow = () => endedBefore(5);

let database: TestDatabase;
let token: RunningFunction;
let check: TestCheck;

beforeAll(async () => {
  database = await createTestDatabase();
  const secret_hash = await hashSecret('abc123');
  for (const { client_id } of [owner, other]) {
    await insertClient(database.sql, { client_id, scopes: scope.split(' '), secret_hash });
  }
  token = await startFunction('token', { DATABASE_URL: database.url, SIGNING_KEYS });
  const jwksUrl = `${token.url}/.well-known/jwks.json`;
  check = createTestCheck({ issuer, audience: issuer, jwksUrl, sql: database.sql });
});
afterAll(async () => {
  await token?.stop();
  await database?.drop();
});

function post(path: '/introspect' | '/revoke', parameters: Record<string, string>): Promise<Response> {
  return fetch(token.url + path, { method: 'POST', body: new URLSearchParams(parameters) });
}
const introspected = async (parameters: Record<string, string>) => json(await post('/introspect', parameters));
const claimsOf = (text: string) => JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
const notOurs = () => new UnsecuredJWT({ client_id: owner.client_id }).encode();

describe('introspection', () => {
  it('tells a client of its own token', async () => {
    const text = await getToken(token.url);
    const { iss, aud, sub, client_id, jti, iat, nbf, exp } = claimsOf(text);
    const response = await post('/introspect', { ...owner, token: text, token_type_hint: 'access_token' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await json(response)).toEqual({
      ...{ active: true, token_type: 'Bearer', scope: 'basic email' },
      ...{ iss, aud, sub, client_id, jti, iat, nbf, exp },
    });
  });

  it('takes JSON, too', async () => {
    const response = await fetch(`${token.url}/introspect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...owner, token: await getToken(token.url) }),
    });
    expect(await json(response)).toMatchObject({ active: true });
  });

  it('tells nothing of another client’s token, of one that has ended, and of what is none', async () => {
    const own = await getToken(token.url);
    expect(await introspected({ ...other, token: own })).toEqual({ active: false });
    for (const ended of [await endedLongAgo(), await endedJustNow()]) {
      expect(await introspected({ ...owner, token: ended })).toEqual({ active: false });
    }
    for (const text of ['abc', `${own}x`, notOurs()]) {
      expect(await introspected({ ...owner, token: text })).toEqual({ active: false });
    }
  });
});

describe('revocation', () => {
  it('ends a token, for introspection and for the API, and may be asked for twice', async () => {
    const text = await getToken(token.url);
    expect(await check(`Bearer ${text}`, 'email')).toMatchObject({ clientId: owner.client_id });

    for (let n = 0; n < 2; n += 1) {
      const response = await post('/revoke', { ...owner, token: text });
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect(await introspected({ ...owner, token: text })).toEqual({ active: false });
    await expect(check(`Bearer ${text}`, 'email')).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
    const { jti, exp } = claimsOf(text);
    const [row] = await database.sql`select expires_at from revoked_tokens where jti = ${jti}`;
    expect(row).toEqual({ expires_at: new Date(exp * 1000) });
  });

  it('ends a token that has just ended: functions whose clocks are slow would take it still', async () => {
    const text = await endedJustNow();
    expect(await check(`Bearer ${text}`, 'basic')).toMatchObject({ clientId: owner.client_id });
    await post('/revoke', { ...owner, token: text });
    await expect(check(`Bearer ${text}`, 'basic')).rejects.toMatchObject({ code: 'invalid_token' });
  });

  it('leaves another client’s token alone, with the same answer', async () => {
    const text = await getToken(token.url);
    expect((await post('/revoke', { ...other, token: text })).status).toBe(200);
    expect(await introspected({ ...owner, token: text })).toMatchObject({ active: true });
  });

  it('has the same answer for what is no token, and keeps nothing of it', async () => {
    const before = await database.sql`select jti from revoked_tokens`;
    const ended = await endedLongAgo();
    for (const text of ['abc', notOurs(), ended]) {
      expect((await post('/revoke', { ...owner, token: text })).status).toBe(200);
    }
    expect(await database.sql`select jti from revoked_tokens`).toHaveLength(before.length);
  });
});

describe('disabling a client', () => {
  it('ends its tokens at once, and nobody else’s; enabling it makes them good again', async () => {
    const text = await getToken(token.url);
    const others = await getToken(token.url, { ...other, scope });
    await disableClient(database.sql, owner.client_id);
    await expect(check(`Bearer ${text}`, 'email')).rejects.toMatchObject({
      code: 'invalid_token',
      message: 'The client of the access token is disabled.',
    });
    expect(await check(`Bearer ${others}`, 'email')).toMatchObject({ clientId: 'other' });
    await enableClient(database.sql, owner.client_id);
    expect(await check(`Bearer ${text}`, 'email')).toMatchObject({ clientId: owner.client_id });
  });

  it('is told apart from revocation in one group of tokens, each its own', async () => {
    await insertClient(database.sql, { client_id: 'off', scopes: ['basic'] });
    await disableClient(database.sql, 'off');
    const revoked = randomUUID();
    await revokeToken(database.sql, revoked, new Date());
    const tokens = [
      { jti: randomUUID(), clientId: 'off' },
      { jti: revoked, clientId: 'other' },
      { jti: randomUUID(), clientId: 'other' },
      { jti: revoked, clientId: 'off' },
      { jti: randomUUID(), clientId: 'nobody' },
    ];
    expect(await findEndings(database.sql, tokens)).toEqual([
      'client disabled',
      'revoked',
      undefined,
      'revoked',
      'client disabled',
    ]);
    expect(await findEndings(database.sql, [])).toEqual([]);
  });
});

it('a rolled secret ends no tokens', async () => {
  const text = await getToken(token.url, { ...other, scope });
  await replaceSecrets(database.sql, 'other', await hashSecret('new'));
  expect(await check(`Bearer ${text}`, 'email')).toMatchObject({ clientId: 'other' });
  await replaceSecrets(database.sql, 'other', await hashSecret('abc123'));
});

describe.each(['/introspect', '/revoke'] as const)('%s', (path) => {
  it('needs an authenticated client', async () => {
    const response = await post(path, { token: await getToken(token.url) });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="email-api"');
    expect(await json(response)).toMatchObject({ error: 'invalid_client' });
  });

  it('needs a token', async () => {
    const response = await post(path, owner);
    expect([response.status, (await json(response)).error]).toEqual([400, 'invalid_request']);
  });
});
