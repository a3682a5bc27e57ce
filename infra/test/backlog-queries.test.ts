// What dispatch asks many times a second reads no more rows the longer the backlog is: counted in entries of the index, as a count is the
// same on a slow machine.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, openDatabase, type Query, type Sql } from '../../lib/store/database.ts';
import { lockDueByClient, lockDueEmails } from '../../lib/store/emails/due.ts';
import { lanesWaiting, newTurn, takeWaiting } from '../../lib/store/emails/waiting.ts';
import { takeDueDeliveries } from '../../lib/store/webhooks/due.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

let database: TestDatabase;
let sql: Sql;
const backlog = 20_000;
const others = 500;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = openDatabase(database.url, { connections: 1, name: 'backlog queries' });
  // Without statistics, as where a backlog has come in seconds.
  await sql`alter table emails set (autovacuum_enabled = off)`;
  await sql`
    insert into emails (id, client_id, lane, delivery, sender, recipients, subject, message_id, status, wanted_at, due_at)
    select gen_random_uuid(), client, 'bulk', 'at_least_once', 'a@example.com', '{b@example.com}', 'S', '<a@example.com>', 'queued', now(), now() + interval '1 hour'
    from (select 'a' as client from generate_series(1, ${backlog}::integer)
          union all select 'client-' || n from generate_series(1, ${others}::integer) n) one`;
});
afterAll(async () => {
  await sql?.end();
  await database?.drop();
});

/** How many entries of an index `work` reads. Undone when it is done. */
async function entriesRead(index: string, work: (transaction: Query) => Promise<unknown>): Promise<number> {
  let read = 0;
  await inTransaction(sql, async (transaction) => {
    const count = async () => {
      const [row] = await transaction<{ read: number }[]>`
        select pg_stat_get_xact_tuples_returned(${index}::regclass)::integer as read`;
      return row?.read ?? 0;
    };
    const before = await count();
    await work(transaction);
    read = (await count()) - before;
    throw new Error('undone');
  }).catch((error) => {
    if (error.message !== 'undone') throw error;
  });
  return read;
}

describe('emails that wait for a place', () => {
  it('are found in a lane by one of them', async () => {
    expect(await lanesWaiting(sql)).toEqual(['bulk']);
    expect(await entriesRead('emails_waiting', lanesWaiting)).toBeLessThanOrEqual(2);
  });

  it.each([20, 800])('get %i places by reading little more than those', async (limit) => {
    let taken = 0;
    const read = await entriesRead('emails_waiting', async (transaction) => {
      taken = (await takeWaiting(transaction, 'bulk', { limit, turn: newTurn, graceMs: 30_000 })).emails.length;
    });
    expect(taken).toBeGreaterThan(limit / 5);
    expect(read).toBeLessThanOrEqual(taken + 2 * limit);
  });
});

it('clients get as many places each, whatever there is room for at the time', async () => {
  const clients = 7;
  const counts = new Map<string, number>();
  await inTransaction(sql, async (transaction) => {
    await transaction`delete from emails`;
    await transaction`
      insert into emails (id, client_id, lane, delivery, sender, recipients, subject, message_id, status, wanted_at, due_at)
      select gen_random_uuid(), 'client-' || n % ${clients}, 'bulk', 'at_least_once', 'a@example.com', '{b@example.com}', 'S', '<a@example.com>', 'queued', now(), now() + interval '1 hour'
      from generate_series(1, 4000) n`;
    let turn = newTurn;
    for (let look = 0; look < 63; look += 1) {
      const limit = [20, 3, 300, 1, 5, 6, 90][look % 7] ?? 1;
      const taken = await takeWaiting(transaction, 'bulk', { limit, turn, graceMs: 30_000 });
      for (const { client_id } of taken.emails) counts.set(client_id, (counts.get(client_id) ?? 0) + 1);
      turn = taken.turn;
      const most = Math.max(...counts.values());
      if (most >= 500) break;
      const least = counts.size < clients ? 0 : Math.min(...counts.values());
      if (turn === newTurn) expect(least).toBe(most);
      else expect(most - least).toBeLessThanOrEqual(turn.each ?? 0);
    }
    throw new Error('undone');
  }).catch((error) => {
    if (error.message !== 'undone') throw error;
  });
  expect(Math.max(...counts.values())).toBeGreaterThan(100);
});

describe('emails that are due', () => {
  beforeAll(async () => {
    await sql`update emails set status = 'scheduled', due_at = now() - interval '1 second'`;
  });

  it('are taken by reading those', async () => {
    const read = await entriesRead('emails_due_at', (transaction) => lockDueEmails(transaction, 500, 0));
    expect(read).toBeGreaterThanOrEqual(500);
    expect(read).toBeLessThanOrEqual(1_000);
  });

  it('are taken client by client by reading those', async () => {
    const read = await entriesRead('emails_due_by_client', (transaction) =>
      lockDueByClient(transaction, { perClient: 25, clients: 200, after: '' }),
    );
    // 25 of one client and one each of the others, and the way to each.
    expect(read).toBeGreaterThanOrEqual(25 + 199);
    expect(read).toBeLessThanOrEqual(25 + 3 * 200);
  });
});

describe('webhook deliveries that are due', () => {
  beforeAll(async () => {
    await sql`insert into clients (client_id, scopes) select 'client-' || n, '{email}' from generate_series(1, 50) n`;
    await sql`
      insert into webhooks (id, client_id, url, events, secrets)
      select gen_random_uuid(), client_id, 'https://example.com/', '{*}', '["whsec_x"]' from clients`;
    await sql`alter table webhook_deliveries set (autovacuum_enabled = off)`;
    await sql`
      insert into webhook_deliveries (id, webhook_id, type, due_at)
      select gen_random_uuid(), id, 'webhook.test', now() - interval '1 second'
      from webhooks, lateral generate_series(1, case when client_id = 'client-1' then ${backlog}::integer else 1 end)`;
  });

  it('are taken by reading a few of each endpoint', async () => {
    let taken = 0;
    const read = await entriesRead('webhook_deliveries_due', async (transaction) => {
      taken = (await takeDueDeliveries(transaction, 30_000, 0)).length;
    });
    expect(taken).toBe(100 + 49);
    expect(read).toBeLessThanOrEqual(taken + 4 * 50);
  });
});
