// The rights in the catalogs are those of grants.ts, whatever they were before.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { applyGrants, presentPrivileges } from './apply-grants.ts';
import { databaseUsers, privilegesOf, textOf } from './grants.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const present = async () => (await presentPrivileges(database.sql)).map(textOf).sort();
const listed = databaseUsers.flatMap(privilegesOf).map(textOf).sort();

beforeEach(async () => {
  expect(await present()).toEqual(listed);
});

it('changes nothing where all is as listed', async () => {
  expect(await applyGrants(database.sql)).toEqual({ missing: [], granted: 0, revoked: 0 });
});

it.each([
  'grant select on dkim_keys to email_api_send',
  'grant update (client_id) on emails to email_api_consume',
  'grant execute on function uuid_v7() to email_api_notify',
  'grant create on schema public to email_api_history',
  'grant usage on sequence client_secrets_id_seq to email_api_token',
])('takes back what is not listed: %s', async (grant) => {
  await database.sql.unsafe(grant);
  expect(await applyGrants(database.sql)).toEqual({ missing: [], granted: 0, revoked: 1 });
  expect(await present()).toEqual(listed);
});

it.each([
  'revoke select on emails from email_api_history',
  'revoke update (last_used_at) on client_secrets from email_api_token',
  'revoke execute on function allowance_now(text) from email_api_send',
  'revoke usage on schema public from email_api_dispatch',
])('gives what is lacking: %s', async (revoke) => {
  await database.sql.unsafe(revoke);
  expect(await applyGrants(database.sql)).toEqual({ missing: [], granted: 1, revoked: 0 });
  expect(await present()).toEqual(listed);
});

it('may run several times at once', async () => {
  await database.sql`revoke all on all tables in schema public from email_api_send`;
  const outcomes = await Promise.all([1, 2, 3].map(() => applyGrants(database.sql)));
  expect(outcomes.filter(({ granted }) => granted > 0)).toHaveLength(1);
  expect(await present()).toEqual(listed);
});
