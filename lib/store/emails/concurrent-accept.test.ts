// Replay, purge, erasure and a late worker at one email at once: whoever comes second sees what the first one did.
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import type { Query } from '../database.ts';
import { eraseRecipient } from './erase.ts';
import type { NewEvent } from './events.ts';
import { purgeContents } from './purge.ts';
import { areReplayable, replayEmail, replayEmails } from './replay.ts';
import { transitionEmails } from './transition-emails.ts';

let database: TestDatabase;
const id = '01890000-0000-7000-8000-000000000001';
const address = 'b@example.com';
const failed = { status: ['failed'] } as const;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql`insert into clients (client_id, scopes) values ('c', array['email'])`;
});
afterAll(() => database?.drop());

/** An email that failed an hour ago. */
beforeEach(async () => {
  const { sql } = database;
  await sql`delete from emails`;
  await sql`
    insert into emails (id, client_id, status, sender, recipients, subject, message_id, finished_at)
    values (${id}, 'c', 'failed', 'a@example.com', array[${address}], 's', 'm', now() - interval '1 hour')`;
  await sql`insert into email_contents (email_id, headers) values (${id}, '{}')`;
});

/** Begins `second` when `first` has done its work but not committed it yet; resolves with what `second` comes to. */
async function meanwhile<Result>(first: (sql: Query) => Promise<unknown>, second: () => Promise<Result>) {
  const begun: Promise<Result>[] = [];
  await database.sql.begin(async (transaction) => {
    await first(transaction);
    begun.push(second());
    // Long enough to get to the lock, where there is one.
    await setTimeout(200);
  });
  const [result] = await Promise.all(begun);
  return result;
}

const status = async () => (await database.sql`select status from emails`)[0]?.status;
const contents = () => database.sql`select from email_contents`;
const events = async () => JSON.stringify(await database.sql`select type, detail from email_events`);

/** What a worker reports that had been taken for dead. */
const reportLate = (sql: Query) => {
  const attempt = {
    attempt: 1,
    relay: 'r',
    ms: 1,
    code: 550,
    enhanced_code: null,
    category: 'mailbox',
    retryable: false,
    trace_id: null,
  } as const;
  const quoting = { reply: `no mailbox ${address}`, recipients: { [address]: 'bounced' } };
  const fact: NewEvent = { type: 'attempt', detail: { ...attempt, ...quoting, outcome: 'bounced' } };
  const events: NewEvent[] = [{ type: 'bounced', detail: {} }];
  const decided = { id, attempts: 1, due_in_ms: null, settled: {}, last_reply: null, events, facts: [fact] };
  return transitionEmails(sql, [{ ...decided, by: 'attempt', to: 'bounced' }]);
};

it('a replay after a purge finds nothing to send, and leaves the email at its end', async () => {
  const purge = (sql: Query) => purgeContents(sql, 60_000, 10);
  expect(await meanwhile(purge, () => replayEmail(database.sql, 'anybody', id, 0))).toBeUndefined();
  expect(await status()).toBe('failed');
  expect(await areReplayable(database.sql, 'anybody', failed)).toBe(false);
});

it('a replay by filter does not wait for a purge', async () => {
  const purge = (sql: Query) => purgeContents(sql, 60_000, 10);
  expect(await meanwhile(purge, () => replayEmails(database.sql, 'anybody', failed, 10, 0))).toEqual([]);
  expect(await status()).toBe('failed');
});

it('a purge after a replay leaves the contents', async () => {
  const replay = (sql: Query) => replayEmail(sql, 'anybody', id, 0);
  expect(await meanwhile(replay, () => purgeContents(database.sql, 60_000, 10))).toBe(0);
  expect([await status(), await contents()]).toEqual(['queued', [{}]]);
});

it('two replays are one', async () => {
  const replay = (sql: Query) => replayEmail(sql, 'anybody', id, 0);
  expect(await meanwhile(replay, () => replay(database.sql))).toBeUndefined();
  expect(await events()).toBe('[{"type":"replayed","detail":{"status":"failed"}}]');
});

it('an erasure while a worker reports late is to be repeated', async () => {
  const erase = () => eraseRecipient(database.sql, 'anybody', address);
  expect(await meanwhile(reportLate, erase)).toEqual({ erased: 0, canceled: 0, on_the_way: 1 });
  expect(await events()).toContain(address);
  expect(await erase()).toEqual({ erased: 1, canceled: 0, on_the_way: 0 });
  expect(await events()).not.toContain(address);
});

it('a worker that reports late, after an erasure, is recorded without the address', async () => {
  // As an erasure does: the row is locked, then changed.
  const erase = async (sql: Query) => {
    await sql`select from emails where id = ${id} for update`;
    await sql`update emails set erased_at = now() where id = ${id}`;
  };
  await meanwhile(erase, () => reportLate(database.sql));
  expect(await events()).toContain('"code":550');
  expect(await events()).not.toContain(address);
});

it('a worker that reports late of a purged email changes nothing', async () => {
  await meanwhile(
    (sql) => sql`delete from emails`,
    () => reportLate(database.sql),
  );
  expect(await events()).toBe('[]');
});
