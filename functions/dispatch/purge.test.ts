import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { createLog } from '../../lib/process/log.ts';
import { type PurgePolicy, purgeLimit, purgeOnce } from './purge.ts';

let database: TestDatabase;
const log = createLog('test', 'silent');
const hour = 3_600_000;
const policy: PurgePolicy = { contentsAfterMs: 10 * hour, emailsAfterMs: 100 * hour };

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql`insert into clients (client_id, scopes) values ('c', array['email'])`;
});
afterAll(() => database?.drop());
beforeEach(async () => {
  for (const table of ['emails', 'idempotency_keys', 'revoked_tokens'])
    await database.sql`delete from ${database.sql(table)}`;
});

const purge = (over: Partial<PurgePolicy> = {}, signal = new AbortController().signal) =>
  purgeOnce({ sql: database.sql, policy: { ...policy, ...over }, log }, signal);
const ago = (hours: number) => new Date(Date.now() - hours * hour);

/** An email with contents and an event, accepted `acceptedAgo` hours ago, that came to its end `endedAgo` hours ago; null: not yet. */
async function insertEmail(acceptedAgo: number, endedAgo: number | null): Promise<string> {
  const id = uuidv7({ msecs: ago(acceptedAgo).getTime() });
  const { sql } = database;
  const end =
    endedAgo === null ? { status: 'deferred', due_at: ago(-1) } : { status: 'sent', finished_at: ago(endedAgo) };
  const email = {
    id,
    client_id: 'c',
    sender: 'a@example.com',
    recipients: ['b@example.com'],
    subject: 's',
    message_id: 'm',
  };
  await sql`insert into emails ${sql({ ...email, accepted_at: ago(acceptedAgo), ...end })}`;
  await sql`insert into email_contents (email_id, headers, text_body) values (${id}, '{}', 'x')`;
  await sql`insert into email_events (email_id, type) values (${id}, 'accepted')`;
  return id;
}

/** How much is left of each email: nothing, the row, or all. */
async function left(...ids: string[]) {
  const rows = await database.sql<{ id: string; left: string }[]>`
    select id, case when email_id is null then 'row' else 'all' end as left
    from emails left join email_contents on email_id = id`;
  const events = await database.sql`select from email_events`;
  expect(events).toHaveLength(rows.length);
  expect(await database.sql`select from email_contents where email_id not in (select id from emails)`).toHaveLength(0);
  return ids.map((id) => rows.find((row) => row.id === id)?.left ?? 'nothing');
}

describe('emails', () => {
  it('lose their contents and then go, by the time since their end', async () => {
    const ids = [
      await insertEmail(101, 101),
      await insertEmail(101, 99),
      await insertEmail(11, 11),
      await insertEmail(11, 9),
      await insertEmail(1, 1),
    ];
    expect(await purge()).toMatchObject({ contents: 3, emails: 1 });
    expect(await left(...ids)).toEqual(['nothing', 'row', 'row', 'all', 'all']);
    expect(await purge()).toMatchObject({ contents: 0, emails: 0 });
  });

  it('on the way keep everything, however old they are', async () => {
    const id = await insertEmail(10_000, null);
    await purge();
    expect(await left(id)).toEqual(['all']);
  });

  it.each<[string, Partial<PurgePolicy>, string]>([
    ['contents', { contentsAfterMs: 0 }, 'all'],
    ['rows', { emailsAfterMs: 0 }, 'row'],
  ])('0 keeps %s for ever', async (_what, over, kept) => {
    const [old, veryOld] = [await insertEmail(50, 50), await insertEmail(10_000, 10_000)];
    await purge(over);
    expect(await left(old, veryOld)).toEqual(kept === 'all' ? ['all', 'nothing'] : ['row', 'row']);
  });
});

describe('a round', () => {
  const insertKeys = (count: number, hoursAgo: number) =>
    database.sql`insert into idempotency_keys (client_id, key, fingerprint, email_ids, created_at)
      select 'c', ${`${hoursAgo} `} || n, 'f', '{}', ${ago(hoursAgo)} from generate_series(1, ${count}) n`;

  it('forgets idempotency keys after a day, in batches until none is left', async () => {
    await insertKeys(purgeLimit * 2 + 1, 25);
    await insertKeys(1, 23.9);
    expect(await purge()).toMatchObject({ idempotency_keys: purgeLimit * 2 + 1 });
    expect(await database.sql`select key from idempotency_keys`).toEqual([{ key: '23.9 1' }]);
  });

  it('forgets revoked tokens once no function takes them any more', async () => {
    const minutes = (count: number) => new Date(Date.now() + count * 60_000);
    const tokens = [-60, -1.1, -0.9, 60].map((count) => ({ jti: uuidv7(), expires_at: minutes(count) }));
    await database.sql`insert into revoked_tokens ${database.sql(tokens)}`;
    expect(await purge()).toMatchObject({ revoked_tokens: 2 });
    const kept = await database.sql`select jti from revoked_tokens order by expires_at`;
    expect(kept.map(({ jti }) => jti)).toEqual(tokens.slice(2).map(({ jti }) => jti));
  });

  it('forgets deliveries to webhooks some time after their end, and those of an email with it', async () => {
    const { sql } = database;
    const [old, young] = [await insertEmail(101, 101), await insertEmail(50, 50)];
    const webhook_id = uuidv7();
    await sql`insert into webhooks (id, client_id, url, events, secrets) values (${webhook_id}, 'c', 'u', array['*'], '[{}]')`;
    const deliver = (email_id: string, hoursAgo: number, over: object) =>
      sql`insert into webhook_deliveries ${sql({
        ...{ id: uuidv7({ msecs: ago(hoursAgo).getTime() }), webhook_id, type: 't' },
        ...{ email_id, event_id: 1, status: 'delivered', due_at: null, finished_at: ago(hoursAgo), ...over },
      })}`;
    await deliver(old, 1, {});
    await deliver(young, 11, {});
    await deliver(young, 9, {});
    await deliver(young, 11, { status: 'pending', due_at: ago(0), finished_at: null });
    expect(await purge()).toMatchObject({ emails: 1, webhook_deliveries: 1 });
    expect(await sql`select status from webhook_deliveries order by status`).toMatchObject([
      { status: 'delivered' },
      { status: 'pending' },
    ]);
    await sql`delete from webhooks`;
  });

  it('passes over what somebody else is at work on', async () => {
    const [locked = '', free = ''] = [await insertEmail(200, 200), await insertEmail(200, 200)];
    await database.sql.begin(async (transaction) => {
      await transaction`select from emails where id = ${locked} for update`;
      await purge();
    });
    expect(await left(locked, free)).toEqual(['all', 'nothing']);
  });

  it('may run many times at once, and each row goes once', async () => {
    await insertKeys(purgeLimit * 3, 25);
    const purged = await Promise.all(Array.from({ length: 4 }, () => purge()));
    expect(purged.reduce((sum, { idempotency_keys }) => sum + idempotency_keys, 0)).toBe(purgeLimit * 3);
  });

  it('ends between two batches when the process is to end', async () => {
    await insertKeys(purgeLimit * 2, 25);
    expect(await purge({}, AbortSignal.abort())).toMatchObject({ idempotency_keys: 0 });
  });
});
