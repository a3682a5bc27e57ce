import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import {
  disableClient,
  enableClient,
  findClients,
  insertClient,
  isClientId,
  listClients,
  lockClient,
  setPublicKeys,
  setScopes,
  setTokenLifetime,
} from './clients.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await insertClient(database.sql, { client_id: 'b', scopes: ['email'], secret_hash: 'h' });
  await insertClient(database.sql, { client_id: 'a', scopes: ['basic'], secret_hash: 'h' });
});
afterAll(() => database?.drop());

const clientA = async () => (await findClients(database.sql, ['a']))[0];

it('finds clients in the order asked for, repeated and missing ones too', async () => {
  const found = await findClients(database.sql, ['b', 'nobody', 'a', 'b']);
  expect(found.map((client) => client?.client_id)).toEqual(['b', undefined, 'a', 'b']);
  expect(await findClients(database.sql, [])).toEqual([]);
});

it('lists them by name', async () => {
  expect((await listClients(database.sql)).map(({ client_id }) => client_id)).toEqual(['a', 'b']);
});

it('does not touch a client that is there already', async () => {
  expect(await insertClient(database.sql, { client_id: 'a', scopes: ['email'], secret_hash: 'x' })).toBe(false);
  expect(await clientA()).toMatchObject({ scopes: ['basic'], secrets: [{ id: expect.any(Number), hash: 'h' }] });
});

it('keeps the time of the first disabling until it is enabled', async () => {
  expect(await disableClient(database.sql, 'a')).toBe(true);
  const first = (await clientA())?.disabled_at;
  expect(first).toBeInstanceOf(Date);
  await disableClient(database.sql, 'a');
  expect((await clientA())?.disabled_at).toEqual(first);
  await enableClient(database.sql, 'a');
  expect((await clientA())?.disabled_at).toBeNull();
});

it('changes scopes, keys and token lifetime', async () => {
  const keys = [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'k' }];
  expect(await clientA()).toMatchObject({ public_keys: [], token_lifetime_seconds: null });
  await setScopes(database.sql, 'a', ['basic', 'email']);
  await setPublicKeys(database.sql, 'a', keys);
  await setTokenLifetime(database.sql, 'a', 120);
  expect(await clientA()).toMatchObject({
    scopes: ['basic', 'email'],
    public_keys: keys,
    token_lifetime_seconds: 120,
  });
});

it.each([59, 86_401])('takes no token lifetime of %i s', async (seconds) => {
  await expect(setTokenLifetime(database.sql, 'a', seconds)).rejects.toMatchObject({ code: '23514' });
});

it('says when there is no such client', async () => {
  const { sql } = database;
  expect(await disableClient(sql, 'nobody')).toBe(false);
  expect(await enableClient(sql, 'nobody')).toBe(false);
  expect(await setPublicKeys(sql, 'nobody', [])).toBe(false);
  expect(await setTokenLifetime(sql, 'nobody', null)).toBe(false);
  expect(await lockClient(sql, 'nobody')).toBe(false);
  expect(await setScopes(sql, 'nobody', ['basic'])).toBe(false);
});

it.each([
  ['myawesomeapp', true],
  ['A.b_c-1', true],
  ['a'.repeat(100), true],
  ['a'.repeat(101), false],
  ['', false],
  ['a b', false],
  ['a\n', false],
  ['é', false],
])('%j as a client id: %j, as the table has it', async (text, isOne) => {
  expect(isClientId(text)).toBe(isOne);
  const inserted = insertClient(database.sql, { client_id: text, scopes: ['basic'], secret_hash: 'h' });
  if (isOne) expect(await inserted).toBe(true);
  else await expect(inserted).rejects.toMatchObject({ code: '23514' });
});
