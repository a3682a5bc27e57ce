// `npm start` gives the example client to its own database alone, and leaves alone what is there.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { admin, adminReading, rolesFile } from '../test/functions.ts';
import { demoClient, preparations } from './demo-client.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database?.drop());

function prepare(isOurDatabase: boolean): void {
  const signingKeys = join(inject('workDirectory'), 'signing-keys.json');
  const roles = isOurDatabase ? rolesFile() : undefined;
  for (const { command, input } of preparations({ signingKeys, roles })) adminReading(input, database.url, ...command);
}
const roles = () =>
  database.sql`select rolname from pg_roles where rolcanlogin and starts_with(rolname, current_database() || '_')`;
const hashes = async () => (await database.sql`select secret_hash from client_secrets`).map((row) => row.secret_hash);

// Each command is a process of its own.
const patience = { timeout: 180_000 };

test('a database of its own gets the example client, once', patience, async () => {
  prepare(true);
  const [hash] = await hashes();
  prepare(true);
  expect(await database.sql`select client_id from clients`).toEqual([{ client_id: demoClient.client_id }]);
  expect(await hashes()).toEqual([hash]);
  expect(await roles()).toHaveLength(8);
});

test('its secret is on no command line', () => {
  const commands = preparations({ signingKeys: 'keys.json', roles: 'roles' }).flatMap(({ command }) => command);
  expect(commands).toContain(demoClient.client_id);
  expect(commands.join(' ')).not.toContain(demoClient.client_secret);
});

test('a secret that was changed stays', patience, async () => {
  prepare(true);
  admin(database.url, 'client', 'roll-secret', demoClient.client_id);
  const changed = await hashes();
  prepare(true);
  expect(await hashes()).toEqual(changed);
});

test('a database that was given gets no client, and no roles that log in', async () => {
  prepare(false);
  expect(await roles()).toHaveLength(0);
  expect(await hashes()).toEqual([]);
  expect(await database.sql`select from clients`).toHaveLength(0);
});
