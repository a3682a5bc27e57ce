// The list of columns against the database: it has each, and each becomes what the list says.
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import { insertEmails } from './accept.ts';
import type { NewEmail } from './acceptance.ts';
import { contentColumns, type EmailRow, emailColumns, shownColumns } from './columns.ts';
import { eraseRecipient } from './erase.ts';
import { findEmail, listEmails } from './read.ts';
import { replayEmail } from './replay.ts';

let database: TestDatabase;
const id = '01890000-0000-7000-8000-000000000001';
const address = 'b@example.com';
const other = 'c@example.com';
const past = new Date('2026-01-02T03:04:05Z');
const outcome = { code: 250, enhanced_code: null, reply: `<${address}> …` };

/** Every column filled, as that of an email that failed; what may say to whom it went does. */
const row: EmailRow = {
  id,
  client_id: 'c',
  status: 'failed',
  lane: 'bulk',
  delivery: 'at_most_once',
  sender: 'a@example.com',
  recipients: [address, other],
  subject: `For ${address}`,
  tags: [{ name: 'to', value: address }],
  message_id: '<m@example.com>',
  settled: { [address]: { ...outcome, status: 'bounced' }, [other]: { ...outcome, status: 'sent' } },
  attempts: 3,
  due_at: null,
  queued_at: past,
  data_started_at: past,
  accepted_at: past,
  wanted_at: past,
  scheduled_at: past,
  expires_at: past,
  finished_at: past,
  erased_at: null,
  last_reply: `<${address}> unknown`,
  traceparent: '00-1-2-01',
  reported: false,
};

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql`insert into clients (client_id, scopes) values ('c', array['email'])`;
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await database.sql`delete from emails`;
});

async function store(): Promise<void> {
  const { sql } = database;
  await sql`insert into emails select * from jsonb_populate_record(null::emails, ${JSON.stringify(row)}::text::jsonb)`;
  await sql`insert into email_contents (email_id, headers) values (${id}, '{}')`;
}
const stored = async () => (await database.sql`select * from emails`)[0] ?? {};

const columns = Object.entries(emailColumns) as [keyof EmailRow, (typeof emailColumns)[keyof EmailRow]][];
async function columnsOf(table: string): Promise<Record<string, string>> {
  const found = await database.sql<{ name: string; type: string }[]>`
    select attname as name, format_type(atttypid, null) as type from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped`;
  const short = (type: string) => type.replace('timestamp with time zone', 'timestamptz');
  return Object.fromEntries(found.map(({ name, type }) => [name, short(type)]));
}

describe('the list', () => {
  it('has the columns of emails, with their types where they are given', async () => {
    const types = await columnsOf('emails');
    const listed = columns.map(([name, { given }]) => [name, given ?? types[name]]);
    expect(Object.fromEntries(listed)).toEqual(types);
  });

  it('has the columns of email_contents', async () => {
    expect({ email_id: 'uuid', ...contentColumns }).toEqual(await columnsOf('email_contents'));
  });
});

describe('each column', () => {
  it('is stored as it is given', async () => {
    const { recipients, subject, tags, message_id, lane, delivery, sender, traceparent } = row;
    const scheduled_at = new Date(Date.now() + 60_000);
    const given: NewEmail = {
      ...{ id, recipients, subject, tags, message_id, lane, delivery, sender, traceparent, scheduled_at },
      expires_at: new Date(Date.now() + 120_000),
      headers: { from: { email: 'a@example.com' }, to: [], cc: [], bcc: [], reply_to: [] },
      custom_headers: { 'X-A': '1' },
      text_body: 'text',
      html_body: '<p>html</p>',
      attachments: [{ filename: 'a.txt', wire: Buffer.from('YQ=='), content_type: null, content_id: null, size: 1 }],
      metadata: { order: '7' },
      template: { id, name: 'welcome', version: 3 },
    };
    await insertEmails(database.sql, [{ client_id: 'c', idempotency: null, emails: [given] }], 0);
    const [contents] = await database.sql`select * from email_contents`;
    const attachments = given.attachments.map(({ wire: _, ...attachment }) => attachment);
    expect({ ...(await stored()), ...contents }).toMatchObject({ ...given, attachments });
    expect(contents?.attachments).toEqual(attachments);
    expect(await database.sql`select * from email_attachments`).toEqual([
      { email_id: id, position: 0, chunk: 0, data: 'YQ==' },
    ]);
    const listed = [
      ...columns.flatMap(([name, column]) => (column.given ? [name] : [])),
      ...Object.keys(contentColumns),
    ];
    expect(Object.keys(given).toSorted()).toEqual(listed.toSorted());
  });

  it('is read where it is shown', async () => {
    await store();
    const shown = Object.fromEntries(shownColumns.map((name) => [name, row[name]]));
    expect(await listEmails(database.sql, 'anybody', {}, 10)).toEqual([{ ...shown, headers: {} }]);
    expect(await findEmail(database.sql, 'anybody', id)).toMatchObject(shown);
  });

  it('is left or cleared by an erasure, and nothing says to whom the email went', async () => {
    await store();
    await eraseRecipient(database.sql, 'anybody', address);
    expect(await changedColumns()).toEqual(affectedBy('erasure'));
    expect(JSON.stringify(await stored())).not.toContain(address);
    expect(await database.sql`select from email_contents`).toHaveLength(0);
  });

  it('is left or set again by a replay', async () => {
    await store();
    await replayEmail(database.sql, 'anybody', id, 1_000);
    expect(await changedColumns()).toEqual(affectedBy('replay'));
  });
});

async function changedColumns(): Promise<string[]> {
  const now = await stored();
  return columns.map(([name]) => name).filter((name) => !isDeepStrictEqual(now[name], row[name]));
}

const affectedBy = (statement: 'erasure' | 'replay') =>
  columns.filter(([, column]) => column[statement] !== 'nothing').map(([name]) => name);
