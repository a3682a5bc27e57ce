// Counting emails on real rows: which of them count, what they come to, and that no others are read.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import { inTransaction } from '../database.ts';
import { firstIdAt } from '../ids-by-time.ts';
import { countEmails } from './stats.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql`insert into clients (client_id, scopes) values ('c', array['basic']), ('other', array['basic'])`;
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await database.sql`delete from emails`;
});

const minute = 60_000;
const start = Date.parse('2026-03-01T10:30:00Z');
const at = (minutes: number) => new Date(start + minutes * minute);
const range = { since: at(0), until: at(60), interval: 'hour' } as const;

interface Row {
  accepted: number;
  client?: string;
  status?: string;
  /** Milliseconds after it was wanted. */
  took?: number;
  /** Minutes that the id is ahead of the row. */
  ahead?: number;
}

async function insert(rows: Row[]) {
  const values = rows.map(({ accepted, client = 'c', status = 'sent', took = 0, ahead = 0 }, index) => ({
    id: `${firstIdAt(at(accepted + ahead).getTime()).slice(0, -12)}${String(index).padStart(12, '0')}`,
    client_id: client,
    status,
    accepted_at: at(accepted),
    wanted_at: at(accepted),
    finished_at: status === 'queued' ? null : new Date(at(accepted).getTime() + took),
    due_at: status === 'queued' ? at(accepted) : null,
    sender: 'a@example.com',
    recipients: ['b@example.com'],
    subject: 's',
    message_id: 'm',
  }));
  await database.sql`insert into emails ${database.sql(values)}`;
}

it('counts what was accepted in the range, by status and by hour, with half and 95 of 100 latencies', async () => {
  await insert([
    { accepted: -0.001 },
    { accepted: 0, took: 100 },
    { accepted: 1, took: 200 },
    { accepted: 2, status: 'queued' },
    { accepted: 29.999, took: 300, ahead: 1 },
    { accepted: 30, status: 'bounced', took: 5_000 },
    { accepted: 59.999, took: 1_100, ahead: -1 },
    { accepted: 60 },
    { accepted: 10, client: 'other', took: 9_000 },
  ]);
  const hour = (time: string) => new Date(`2026-03-01T${time}:00:00Z`);
  expect(await countEmails(database.sql, 'c', range)).toEqual({
    parts: [
      { at: hour('10'), status: 'queued', emails: 1 },
      { at: hour('10'), status: 'sent', emails: 3 },
      { at: hour('11'), status: 'bounced', emails: 1 },
      { at: hour('11'), status: 'sent', emails: 1 },
    ],
    ...{ late_bounces: 0, complaints: 0, taken: 4 },
    p50_ms: 250,
    p95_ms: 980,
  });
  const { parts } = await countEmails(database.sql, 'c', { ...range, interval: 'day' });
  expect(parts).toContainEqual({ at: hour('00'), status: 'sent', emails: 4 });
  const none = { ...range, since: at(-120), until: at(-60) };
  expect(await countEmails(database.sql, 'c', none)).toEqual({
    ...{ parts: [], p50_ms: null, p95_ms: null },
    ...{ late_bounces: 0, complaints: 0, taken: 0 },
  });
});

it('counts each email once of which a bounce or a complaint came back, by the time it was accepted', async () => {
  await insert([
    { accepted: 1, status: 'bounced' },
    { accepted: 2, status: 'bounced' },
    { accepted: 3, status: 'complained' },
    { accepted: 4, status: 'delivered', took: 500 },
    { accepted: 5 },
    { accepted: 70, status: 'bounced' },
    { accepted: 6, status: 'bounced', client: 'other' },
  ]);
  await database.sql`
    insert into email_reports (email_id, recipient, kind, round, client_id, hard, detail, waits)
    select id, recipient, kind, 0, client_id, false, '{}', false
    from emails, (values ('b@example.com', 'bounced', 'bounced'), ('c@example.com', 'bounced', 'bounced'),
                         ('b@example.com', 'complained', 'complained'), ('b@example.com', 'bounced', 'sent'))
                 said(recipient, kind, status)
    -- Not of the first, which bounced in its attempt.
    where emails.status = said.status and accepted_at <> ${at(1)}`;
  expect(await countEmails(database.sql, 'c', range)).toMatchObject({
    late_bounces: 2,
    complaints: 1,
    taken: 4,
    p50_ms: 250,
  });
});

it('reads the rows of the range and few others, however many there are', async () => {
  await insert([...Array(4_000).keys()].map((index) => ({ accepted: index * 10 - 20_000, ahead: 0 })));
  await insert(
    [...Array(4_000).keys()].map((index) => ({ accepted: index * 10 - 20_000, client: 'other', ahead: 0.5 })),
  );
  await database.sql`analyze emails`;
  const { emails, read } = await inTransaction(database.sql, async (transaction) => {
    const before = await readSoFar(transaction);
    const { parts } = await countEmails(transaction, 'c', { ...range, until: at(24 * 60) });
    const after = await readSoFar(transaction);
    const emails = parts.reduce((sum, part) => sum + part.emails, 0);
    return { emails, read: { whole: after.whole - before.whole, rows: after.rows - before.rows } };
  });
  expect(emails).toBe(144);
  // Ten minutes of margin at either end.
  expect(read).toEqual({ whole: 0, rows: 146 });
});

/** What this transaction has read of the table: how often all of it, and how many rows by an index. */
async function readSoFar(sql: Parameters<typeof countEmails>[0]) {
  const [row] = await sql<{ whole: number; rows: number }[]>`
    select seq_scan::integer as whole, idx_tup_fetch::integer as rows from pg_stat_xact_user_tables where relname = 'emails'`;
  return row ?? { whole: 0, rows: 0 };
}
