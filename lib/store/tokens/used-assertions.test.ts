import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import { insertClient } from '../clients/clients.ts';
import { useAssertion } from './used-assertions.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const client_id of ['a', 'b']) await insertClient(database.sql, { client_id, scopes: ['basic'] });
});
afterAll(() => database?.drop());

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
const use = (clientId: string, jti: string, seconds = 60) =>
  useAssertion(database.sql, clientId, jti, inSeconds(seconds));

it('an assertion is used once, however many try at the same moment', async () => {
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => use('a', 'burst')));
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(await use('a', 'burst')).toBe(false);
});

it('each client has its own', async () => {
  expect([await use('a', 'one'), await use('b', 'one'), await use('a', 'other')]).toEqual([true, true, true]);
});

it('one that has expired is forgotten: its jti may come again, in a new assertion', async () => {
  expect(await use('a', 'short', -1)).toBe(true);
  const again = await Promise.all(Array.from({ length: 5 }, () => use('a', 'short')));
  expect(again.filter(Boolean)).toHaveLength(1);
});

it('those that have expired go faster than new ones come', async () => {
  for (let n = 0; n < 10; n += 1) await use('b', `old ${n}`, -60);
  await Promise.all(Array.from({ length: 10 }, (_, n) => use('b', `new ${n}`)));
  const [row] = await database.sql`select count(*) from used_assertions where expires_at < now()`;
  expect(row).toEqual({ count: '0' });
});
