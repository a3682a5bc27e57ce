import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import { eventually } from '../../../infra/test/functions.ts';
import { insertClient, lockStored } from '../clients/clients.ts';
import { insertApiKey, mostKeys } from './api-keys.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await insertClient(database.sql, { client_id: 'shop', scopes: ['basic'] });
});
afterAll(() => database?.drop());

let made = 0;
function insert() {
  made += 1;
  const hash = String(made).padStart(43, 'h');
  const about = { id: uuidv7(), client_id: 'shop', name: 'k', start: 're_AAAAAAAA', hash, made_with: null };
  return insertApiKey(database.sql, { ...about, scopes: ['basic'], allowed_senders: null, expires_at: null });
}

it('of two that are made at once where one has room, one is too many', async () => {
  for (let n = 1; n < mostKeys; n += 1) await insert();
  let go = () => {};
  const first = database.sql.begin(async (sql) => {
    await lockStored(sql, 'shop');
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    await sql`
      insert into api_keys (id, client_id, name, hash, start, scopes)
      values (${uuidv7()}, 'shop', 'k', ${'x'.repeat(43)}, 're_AAAAAAAA', array['basic'])`;
  });
  const second = insert();
  const isWaiting = () => database.sql`select from pg_locks where not granted`.then(({ length }) => length > 0);
  await Promise.race([eventually(isWaiting), second]);
  go();
  await first;
  expect(await second).toBe('full');
});

it('a client that is not there has none', async () => {
  await database.sql`delete from clients`;
  expect(await insert()).toBe('no client');
});
