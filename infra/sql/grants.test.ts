// Each function's role has the rights that the statements of its function need, and no right that none of them needs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Query } from '../../lib/store/database.ts';
import { type DatabaseUser, databaseUsers, groupOf, privilegesOf, textOf } from '../migrations/grants.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { statementsByFunction } from './by-function.ts';

interface Asked {
  text: string;
  /** What the driver tells the type of each parameter by. */
  parameters: (string | Date)[];
}

/** What triggers and SQL functions do as the role that calls them: no statement of ours says it. */
const inside: Partial<Record<DatabaseUser, string[]>> = {
  send: [
    'update emails set due_at = now()',
    `select * from take_allowances(array['limited'], array['key'], array[1])`,
    `select * from allowance_now('limited')`,
    'delete from email_contents',
  ],
  consume: ['update emails set due_at = now()'],
  dispatch: ['update emails set due_at = now()', 'delete from email_contents', 'delete from emails'],
  history: ["select from emails where address_keys(recipients) && array['a@example.com']"],
  manage: [
    "insert into suppressions (client_id, recipient, reason) values ('limited', 'a@example.com', 'manual')",
    'delete from suppressions',
  ],
};

let database: TestDatabase;
let statements: Map<string, Asked[]>;

beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  // As an operator may have done: what everybody else may do is no help.
  await sql.unsafe('revoke all on schema public from public');
  await sql.unsafe('revoke all on all functions in schema public from public');
  await sql`insert into clients (client_id, scopes, rate_per_second) values ('limited', array['email'], 1)`;
  await sql`insert into emails (id, client_id, status, sender, recipients, subject, message_id, due_at)
            values (gen_random_uuid(), 'limited', 'queued', '', array[''], '', '', now())`;
  await sql`insert into suppressions (client_id, recipient, reason) values ('limited', 'b@example.com', 'manual')`;
  statements = statementsByFunction();
});
afterAll(() => database?.drop());

describe.each(databaseUsers)('%s', (user) => {
  it('may run all its statements', async () => {
    const asked = statements.get(user) ?? [];
    expect(asked.length).toBeGreaterThan(3);
    await asUser(user, async (sql) => {
      for (const one of asked) await expect(explained(sql, one)).resolves.toBeUndefined();
      for (const text of inside[user] ?? []) await expect(run(sql, text)).resolves.toBeUndefined();
    });
  });

  it('may do nothing that none of them needs', async () => {
    const asked = statements.get(user) ?? [];
    const idle: string[] = [];
    for (const privilege of privilegesOf(user)) {
      const { role, object, privilege: what, column } = privilege;
      const isNeeded = await asUser(
        user,
        async (sql) => {
          const name = object.split(' ')[1]?.split('(')[0] ?? '';
          for (const one of asked.filter(({ text }) => text.includes(name) || name === 'public')) {
            if (await explained(sql, one)) return true;
          }
          for (const text of inside[user] ?? []) if (await run(sql, text)) return true;
          return false;
        },
        `revoke ${what} ${column === null ? '' : `(${column})`} on ${object} from ${role}`,
      );
      if (!isNeeded) idle.push(textOf(privilege));
    }
    expect(idle).toEqual([]);
  });
});

/** As the group, which has all that its members have; rolled back. */
async function asUser<Result>(user: DatabaseUser, use: (sql: Query) => Promise<Result>, before = 'select 1') {
  const rolledBack = new Error('rolled back');
  let result: Result | undefined;
  await database.sql
    .begin(async (sql) => {
      await sql.unsafe(before);
      await sql.unsafe(`set local role ${groupOf(user)}`);
      result = await use(sql);
      throw rolledBack;
    })
    .catch((error) => {
      if (error !== rolledBack) throw error;
    });
  return result as Result;
}

/** PostgreSQL checks the rights of a statement that it explains, and does not run it. Resolves with the right that is missing. */
function explained(sql: Query, { text, parameters }: Asked): Promise<string | undefined> {
  return denied(
    sql,
    `explain ${text}`,
    parameters.map((parameter) => (parameter instanceof Date ? parameter : null)),
  );
}

function run(sql: Query, text: string): Promise<string | undefined> {
  return denied(sql, text, []);
}

/** Insufficient privilege; of a schema, it looks as if nothing were in it. */
const missingRight = new Set(['42501', '42P01', '42883']);

async function denied(sql: Query, text: string, parameters: (Date | null)[]): Promise<string | undefined> {
  await sql.unsafe('savepoint before');
  try {
    await sql.unsafe(text, parameters);
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && missingRight.has(String(error.code)))
      return `${error.message}: ${text}`;
    throw error;
  } finally {
    await sql.unsafe('rollback to savepoint before');
  }
}
