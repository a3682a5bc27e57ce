// What the check of SQL finds when the schema and lib/store part ways.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { checkSql } from './check.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database?.drop());

/** Without the lines, which move. */
async function faults(folder = 'lib/store'): Promise<string[]> {
  const { faults } = await checkSql(database.sql, [folder]);
  return faults.map((fault) => fault.replace(/:\d+:/, ':'));
}

it('finds nothing in lib/store as it stands, and reads every statement of it', async () => {
  const { statements, faults } = await checkSql(database.sql, ['lib/store']);
  expect(faults).toEqual([]);
  expect(statements).toBeGreaterThan(80);
});

it('finds a column that is renamed, also in fragments and lists of columns', async () => {
  await database.sql`alter table clients rename column allowed_senders to senders`;
  await database.sql`alter table suppressions rename column detail to reply`;
  const found = await faults();
  expect(found).toContain('lib/store/clients/clients.ts: column "allowed_senders" does not exist');
  expect(found).toContain('lib/store/suppressions/suppressions.ts: column "detail" does not exist');
});

it('finds a column that is of another type, or may be null', async () => {
  await database.sql`alter table webhook_deliveries alter column last_ms type text`;
  await database.sql`alter table emails alter column subject drop not null`;
  const found = await faults();
  expect(found).toContain('lib/store/webhooks/deliveries.ts: last_ms is number in the type, and comes as string');
  expect(found).toContain('lib/store/emails/read.ts: subject may be null');
});

it('finds a row type that names other columns, and SQL that it cannot follow', async () => {
  expect(await faults('infra/sql/fixtures')).toEqual([
    'infra/sql/fixtures/faulty.ts: infra/sql/statements.ts cannot follow how this SQL is used',
    'infra/sql/fixtures/faulty.ts: state is in the type, and no column',
    'infra/sql/fixtures/faulty.ts: the column status is not in the type',
  ]);
});
