import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { eventually } from '../../infra/test/functions.ts';
import { createMetrics } from '../process/metrics.ts';
import { inTransaction, openDatabase, type Sql } from './database.ts';

let database: TestDatabase;
let sql: Sql;
const metrics = createMetrics('test');

beforeAll(async () => {
  database = await createTestDatabase();
  sql = openDatabase(database.url, { connections: 2, name: 'pool', metrics });
});
afterAll(async () => {
  // The driver waits for ever for connections that were lost, unless it is told how long.
  await sql?.end({ timeout: 1 });
  await database?.drop();
});

async function pool() {
  const text = await metrics.metrics();
  const gaugeOf = (name: string) =>
    Number(new RegExp(`^email_api_database_${name}\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    max: gaugeOf('connections_max'),
    inUse: gaugeOf('connections_in_use'),
    waiting: gaugeOf('statements_waiting'),
  };
}
const idle = { max: 2, inUse: 0, waiting: 0 };
/** Statements that wait until `release` is called, as for a lock. */
async function held(n: number) {
  let release = () => {};
  const lock = database.sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(7)`;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  await eventually(async () => (await database.sql`select from pg_locks where locktype = 'advisory'`).length === 1);
  const statements = Array.from({ length: n }, () => sql`select pg_advisory_xact_lock(7)`.then(() => {}));
  return { release: () => release(), lock, statements: Promise.allSettled(statements) };
}

it.each([
  [1, { max: 2, inUse: 1, waiting: 0 }],
  [2, { max: 2, inUse: 2, waiting: 0 }],
  [5, { max: 2, inUse: 2, waiting: 3 }],
])('%i statements under way', async (n, expected) => {
  expect(await pool()).toEqual(idle);
  const { release, statements } = await held(n);
  expect(await pool()).toEqual(expected);
  release();
  await statements;
  expect(await pool()).toEqual(idle);
});

it('a transaction is one, for as long as it lasts, however many statements it has', async () => {
  await inTransaction(sql, async (transaction) => {
    await Promise.all([transaction`select 1`, transaction`select 2`]);
    expect(await pool()).toEqual({ max: 2, inUse: 1, waiting: 0 });
  });
  expect(await pool()).toEqual(idle);
});

it('what fails is over, too; a part of a statement is none, and neither is what nobody runs', async () => {
  await expect(sql`select 1 / 0`).rejects.toThrow('division by zero');
  await expect(inTransaction(sql, (transaction) => transaction`select 1 / 0`)).rejects.toThrow('division by zero');
  expect(await sql`select ${sql`1`} as one`).toEqual([{ one: 1 }]);
  const never = sql`select 3`;
  expect(never).toBeInstanceOf(Promise);
  expect(await pool()).toEqual(idle);
});

it('a lost connection is over, too', async () => {
  const { release, lock, statements } = await held(2);
  expect((await pool()).inUse).toBe(2);
  await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'email-api pool'`;
  expect((await statements).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await pool()).toEqual(idle);
  release();
  await lock;
});
