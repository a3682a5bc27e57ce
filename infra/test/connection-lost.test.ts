// The database's connection is lost in mid-query and in mid-transaction: the caller hears of it, and the next one is answered right.
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  inTransaction,
  isDatabaseAway,
  openDatabase,
  type Sql,
  untilDatabaseIsBack,
} from '../../lib/store/database.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './functions.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = openDatabase(database.url, { connections: 1, name: 'victim' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** Ends the session while it sleeps. */
async function cutOffAsleep(): Promise<void> {
  await eventually(async () => {
    const [cut] = await database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'email-api victim' and wait_event = 'PgSleep'`;
    return cut !== undefined;
  });
}
const answersRight = async () => {
  const answers = await untilDatabaseIsBack(() => Promise.all([sql`select 1 as n`, sql`select 2 as n`]));
  expect(answers.map(([row]) => row?.n)).toEqual([1, 2]);
};

it('in a query', async () => {
  const query = sql`select pg_sleep(30)`.then(
    () => undefined,
    (error) => error,
  );
  await cutOffAsleep();
  expect(isDatabaseAway(await query)).toBe(true);
  await answersRight();
});

it('in a transaction', async () => {
  const transaction = inTransaction(sql, async (query) => {
    await query`select 1`;
    await query`select pg_sleep(30)`;
  }).then(
    () => undefined,
    (error) => error,
  );
  await cutOffAsleep();
  expect(isDatabaseAway(await transaction)).toBe(true);
  await answersRight();
  expect(await inTransaction(sql, async (query) => (await query`select 3 as n`)[0]?.n)).toBe(3);
});

it('a transaction whose work fails is rolled back', async () => {
  await sql`create table note (text text)`;
  const failing = inTransaction(sql, async (query) => {
    await query`insert into note values ('x')`;
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await sql`select from note`).toHaveLength(0);
});

it('arrays travel both ways', async () => {
  const texts = ['a,b', 'quo"te', 'back\\slash', '{}', ''];
  const ids = ['01a20d82-68f7-76dd-920b-0702659f4213'];
  const values = [{ text: 'a,"b"\\' }, [1, null], 'x'];
  const [row] = await sql`
    select ${texts}::text[] as texts, ${ids}::uuid[] as ids, array[]::text[] as none,
           array(select jsonb_array_elements(${JSON.stringify(values)}::text::jsonb)) as values`;
  expect(row).toEqual({ texts, ids, none: [], values });
});
