// How the process starts: what stops it, how keys rotate, and what it says while the database is away.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../infra/local/ports.ts';
import { createTestCheck } from '../../infra/test/check-access.ts';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { exampleClient, getToken, issuer, json, startFunction } from '../../infra/test/functions.ts';
import { insertClient } from '../../lib/store/clients/clients.ts';
import { createSigningKeys } from './create-signing-key.ts';
import { hashSecret } from './secret-hash.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const { client_id, client_secret, scope } = exampleClient;
  await insertClient(database.sql, {
    client_id,
    scopes: scope.split(' '),
    secret_hash: await hashSecret(client_secret),
  });
});
afterAll(() => database?.drop());

describe('the start is stopped, in plain words,', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
  it.each([
    ['by a short RSA key', JSON.stringify({ keys: [short] }), 'key 1: has 1024 bits, RSA keys need 2048 at least'],
    ['by no key', '', 'is not set'],
    ['by a key file put where its content belongs', '/run/secrets/keys.json', 'is not JSON'],
  ])('%s', async (_, SIGNING_KEYS, fault) => {
    const lines = [
      'token ended at once (exit code 1). Its last lines:',
      '  These settings stop the start:',
      `    SIGNING_KEYS: ${fault}; make a key with: npm run admin -- signing-key create`,
    ];
    await expect(startFunction('token', { DATABASE_URL: database.url, SIGNING_KEYS })).rejects.toThrow(
      expect.objectContaining({ message: lines.join('\n') }),
    );
  });
});

it('a key rotates without a gap: published first, then signing', async () => {
  const [old] = JSON.parse(await createSigningKeys('RS256')).keys;
  const [next] = JSON.parse(await createSigningKeys('EdDSA')).keys;
  const port = await freePort();
  const startWith = (...keys: unknown[]) =>
    startFunction('token', { DATABASE_URL: database.url, SIGNING_KEYS: JSON.stringify({ keys }) }, { port });
  const jwksUrl = `http://127.0.0.1:${port}/.well-known/jwks.json`;
  // One check all along, as in a function that is not restarted: it fetches the keys once.
  const check = createTestCheck({ issuer, audience: issuer, jwksUrl, sql: database.sql });

  const before = await startWith(old, next);
  const oldToken = await getToken(before.url);
  await check(`Bearer ${oldToken}`, 'email');
  await before.stop();

  const after = await startWith(next, old);
  const newToken = await getToken(after.url);
  const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
  expect([kidOf(oldToken), kidOf(newToken)]).toEqual([old.kid, next.kid]);
  for (const token of [oldToken, newToken]) {
    expect(await check(`Bearer ${token}`, 'email')).toMatchObject({ clientId: exampleClient.client_id });
    expect(
      await createTestCheck({ issuer, audience: issuer, jwksUrl, sql: database.sql })(`Bearer ${token}`, 'email'),
    ).toMatchObject({ clientId: exampleClient.client_id });
  }
  await after.stop();
});

it('while the database is away, clients are told to try again', async () => {
  const DATABASE_URL = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`;
  const SIGNING_KEYS = await createSigningKeys('ES256');
  const token = await startFunction('token', { DATABASE_URL, SIGNING_KEYS }, { until: 'up' });
  const response = await fetch(`${token.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'a', client_secret: 'b' }),
  });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await json(response)).toMatchObject({ error: 'temporarily_unavailable' });
  await token.stop();
});
