import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestCheck, type TestCheck } from '../../infra/test/check-access.ts';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { eventually } from '../../infra/test/functions.ts';
import { insertApiKey } from '../store/api-keys/api-keys.ts';
import { insertClient, setScopes } from '../store/clients/clients.ts';
import type { Sql } from '../store/database.ts';
import { makeApiKey } from './api-key.ts';

let database: TestDatabase;
const statements: string[] = [];
let sql: Sql;
let check: TestCheck;

const newCheck = () => createTestCheck({ issuer: 'x', audience: 'x', jwksUrl: 'http://127.0.0.1:9/', sql });

beforeAll(async () => {
  database = await createTestDatabase();
  await insertClient(database.sql, { client_id: 'shop', scopes: ['basic', 'email'] });
  sql = new Proxy(database.sql, {
    apply(target, self, args) {
      statements.push(String(args[0].join?.('?') ?? args[0]));
      return Reflect.apply(target, self, args);
    },
  });
});
afterAll(() => database?.drop());
beforeEach(() => {
  statements.length = 0;
  check = newCheck();
});

let made = 0;
async function makeKey(changes: { scopes?: string[]; expires_at?: Date } = {}): Promise<{ id: string; key: string }> {
  const { key, start, hash } = makeApiKey();
  made += 1;
  const id = `01971d8c-6f1e-7a52-9c0b-${String(made).padStart(12, '0')}`;
  const about = { id, client_id: 'shop', name: 'k', start, hash, made_with: null, allowed_senders: null };
  await insertApiKey(database.sql, { ...about, scopes: ['basic', 'email'], expires_at: null, ...changes });
  return { id, key };
}
/** Statements so far: those that requests wait for, and those that note a use. */
const reads = () => statements.filter((text) => !text.includes('update api_keys')).length;
const notes = () => statements.length - reads();
const unknown = () => `Bearer ${makeApiKey().key}`;
/** When this process has noted that the key was used. */
const noted = (id: string) =>
  eventually(async () => {
    const [row] = await database.sql`select last_used_at, xmin::text from api_keys where id = ${id}`;
    return row?.last_used_at !== null && row;
  });

describe('costs', () => {
  it('one statement a request that comes alone, as a token does, and one an hour for its last use', async () => {
    const { id, key } = await makeKey();
    for (let n = 0; n < 10; n += 1) await check(`Bearer ${key}`, 'email');
    const first = await noted(id);
    expect([reads(), notes()]).toEqual([10, 1]);
    // Another process finds it noted.
    check = newCheck();
    for (let n = 0; n < 10; n += 1) await check(`Bearer ${key}`, 'email');
    expect([reads(), notes()]).toEqual([20, 1]);
    await database.sql`update api_keys set last_used_at = now() - interval '61 minutes' where id = ${id}`;
    check = newCheck();
    await check(`Bearer ${key}`, 'email');
    await eventually(async () => (await noted(id)).last_used_at > first.last_used_at);
    expect([reads(), notes()]).toEqual([21, 2]);
  });

  it('one statement for all requests that come together', async () => {
    const keys = await Promise.all([makeKey(), makeKey(), makeKey()]);
    for (const { id, key } of keys) {
      await check(`Bearer ${key}`, 'email');
      await noted(id);
    }
    statements.length = 0;
    const many = Array.from({ length: 300 }, (_, n) => check(`Bearer ${keys[n % 3]?.key}`, 'email'));
    expect((await Promise.all(many)).every(({ clientId }) => clientId === 'shop')).toBe(true);
    expect(reads()).toBe(1);
  });
});

describe('a stranger', () => {
  it('has 100 looked up at once, and whoever is known goes on', async () => {
    const { key } = await makeKey();
    await check(`Bearer ${key}`, 'email');
    const guesses = await Promise.allSettled(Array.from({ length: 500 }, () => check(unknown(), 'email')));
    const codes = guesses.map((guess) => guess.status === 'rejected' && guess.reason.code);
    expect(codes.filter((code) => code === 'invalid_api_key').length).toBeLessThanOrEqual(110);
    expect(codes.filter((code) => code === 'rate_limit_exceeded').length).toBeGreaterThanOrEqual(390);
    expect(await check(`Bearer ${key}`, 'email')).toMatchObject({ clientId: 'shop' });
    const { key: other } = await makeKey();
    // At once, as time gives new ones.
    const again = Array.from({ length: 50 }, () => check(unknown(), 'email'));
    const [, refused] = await Promise.allSettled([Promise.allSettled(again), check(`Bearer ${other}`, 'email')]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'rate_limit_exceeded', status: 429 } });
    expect(await check(`Bearer ${other}`, 'email', '198.51.100.7')).toMatchObject({ clientId: 'shop' });
  });

  it('has the same one looked up once, and what is of another form never', async () => {
    const same = unknown();
    for (let n = 0; n < 200; n += 1)
      await expect(check(same, 'email')).rejects.toMatchObject({ code: 'invalid_api_key', status: 403 });
    for (const text of ['re_', 're_123', `re_${'x'.repeat(7_000)}`, same.replace(/^Bearer /, '').slice(0, -1)])
      await expect(check(`Bearer ${text}`, 'email')).rejects.toMatchObject({ code: 'invalid_api_key' });
    expect(reads()).toBe(1);
  });
});

describe('what a key may do', () => {
  it('is what its client still may', async () => {
    const { key } = await makeKey({ scopes: ['basic', 'emails:send'] });
    expect((await check(`Bearer ${key}`, 'basic')).scopes).toEqual(['basic', 'emails:send']);
    await setScopes(database.sql, 'shop', ['email']);
    await expect(check(`Bearer ${key}`, 'basic')).rejects.toMatchObject({ code: 'restricted_api_key', status: 401 });
    await setScopes(database.sql, 'shop', ['basic']);
    expect((await check(`Bearer ${key}`, 'basic')).scopes).toEqual(['basic']);
    await setScopes(database.sql, 'shop', ['basic', 'email']);
  });

  it('ends to the moment', async () => {
    const { id, key } = await makeKey({ expires_at: new Date(Date.now() + 3_600_000) });
    expect(await check(`Bearer ${key}`, 'basic')).toMatchObject({ key: { id } });
    await database.sql`update api_keys set expires_at = now() where id = ${id}`;
    await expect(check(`Bearer ${key}`, 'basic')).rejects.toMatchObject({ message: 'The API key has expired.' });
  });
});
