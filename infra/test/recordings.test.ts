// The database refuses to record what was done: for now, for what a relay said, or for good. Each ends, after one copy and one call.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const settings = {
  DISPATCH_INTERVAL_SECONDS: '0.1',
  PUBLISH_GRACE_SECONDS: '1',
  LEASE_SECONDS: '2',
  WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
  // A lease of 3 s.
  WEBHOOK_TIMEOUT_SECONDS: '0.5',
};
/** Longer than a lease: by then, whoever would do it again has done so. */
const settledMs = 3_500;
const email = { from: 'a@example.com', to: 'b@example.com', subject: 'S', text: 'T' };

let ground: WholeApi;
let server: Server;
let webhook: string;
/** The deliveries, one for each call. */
const calls: string[] = [];

beforeAll(async () => {
  ground = await startWholeApi({ settings, also: ['manage', 'notify'] });
  server = createServer((request, response) => {
    calls.push(String(request.headers['webhook-id']));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  webhook = (await manage('/webhooks', { url, events: ['email.attempt'] })).id;
  // Counts also what is rolled back.
  await ground.database.sql`create sequence refusals`;
});
afterAll(async () => {
  await ground?.stop();
  server?.close();
});
beforeEach(async () => {
  await ground.database.sql`alter sequence refusals restart`;
  ground.smtp.received.length = 0;
});
afterEach(() => allow());

/** From now on, the database refuses to write these rows. */
async function refuse(on: string, when: string, code: string): Promise<void> {
  const [table, event] = on.split(' ');
  await ground.database.sql.unsafe(`
    create function refuse_${table}() returns trigger language plpgsql security definer as $$
    begin perform nextval('refusals'); raise exception 'refused by a test' using errcode = '${code}'; end $$;
    create trigger refuse before ${event} on ${table} for each row when (${when}) execute function refuse_${table}()`);
  refusing.add(String(table));
}
async function allow(...tables: string[]): Promise<void> {
  for (const table of tables.length > 0 ? tables : refusing) {
    await ground.database.sql.unsafe(`drop function if exists refuse_${table} cascade`);
    refusing.delete(table);
  }
}
const refusing = new Set<string>();
const refusals = async () =>
  Number((await ground.database.sql`select case when is_called then last_value else 0 end as n from refusals`)[0]?.n);

async function manage(path: string, body: object): Promise<Json> {
  const headers = { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' };
  return json(
    await fetch(ground.api.functions.manage.url + path, { method: 'POST', headers, body: JSON.stringify(body) }),
  );
}
const send = async () => (await json(await ground.api.send(email))).id as string;
const ended = (id: string) =>
  eventually(async () => {
    const found = await ground.api.read(`/emails/${id}`);
    return ['sent', 'unknown', 'failed'].includes(found.status) && found;
  });
/** Of the event `attempt` of this email. */
const deliveryOf = async (id: string) =>
  (
    await ground.database.sql`select id, status, attempts, last_reason from webhook_deliveries where email_id = ${id}`
  )[0];
/** How often the endpoint was called for it. */
const callsFor = async (id: string) => {
  const delivery = await deliveryOf(id);
  return calls.filter((called) => called === delivery?.id).length;
};
const endedDelivery = (id: string) =>
  eventually(async () => {
    const delivery = await deliveryOf(id);
    return delivery && ['delivered', 'failed'].includes(delivery.status) && delivery;
  });
const errorsOf = (name: 'consume' | 'notify', id: unknown) =>
  ground.api.functions[name].lines.filter(
    (line) => line.level === 'error' && [line.email_id, line.delivery_id].includes(id),
  );
/** Passes where nothing comes in all that time. */
async function nothingMore(read: () => number | Promise<number>, most: number, forMs = settledMs): Promise<void> {
  const until = performance.now() + forMs;
  await eventually(async () => {
    expect(await read()).toBeLessThanOrEqual(most);
    return performance.now() > until;
  }, forMs + 5_000);
}

/** SQLSTATEs with which a database refuses for now. */
const forNow = ['25006', '57014', '55P03', '40001', '40P01', '25P03', '53100', '57P01'];

const recording = "old.status = 'sending' and new.status <> 'sending'";
const outcome = "old.status = 'delivering' and new.status <> 'delivering'";

it.each(forNow)(
  'refused for now with %s: an email is recorded as it was, and sent once; so is its call',
  async (code) => {
    await refuse('emails update', recording, code);
    await refuse('webhook_deliveries update', outcome, code);
    const id = await send();
    await eventually(async () => (await refusals()) >= 3);
    await allow('emails');
    const { status, events } = await ended(id);
    expect(status).toBe('sent');
    expect(events).toMatchObject([
      { type: 'accepted' },
      { type: 'attempt', attempt: 1, outcome: 'sent', code: 250, reply: expect.any(String) },
      { type: 'sent' },
    ]);
    const before = await refusals();
    await eventually(async () => (await refusals()) >= before + 3);
    await allow();
    expect(await endedDelivery(id)).toMatchObject({ status: 'delivered', attempts: 1, last_reason: null });
    expect(await callsFor(id)).toBe(1);
    expect(ground.smtp.received).toHaveLength(1);
    expect([...errorsOf('consume', id), ...errorsOf('notify', (await deliveryOf(id))?.id)]).toEqual([]);
  },
);

describe('never to be recorded', () => {
  it('what a relay says: the email is sent, once, without those words', async () => {
    await refuse('email_events insert', "new.detail ->> 'reply' is not null", '23514');
    const id = await send();
    const { status, events } = await ended(id);
    expect(status).toBe('sent');
    expect(events[1]).toMatchObject({ type: 'attempt', outcome: 'sent', code: 250, reply: null });
    expect(errorsOf('consume', id)).toMatchObject([
      { message: 'an attempt cannot be recorded, trying again', to: 'sent', faults: 1 },
      { message: 'an attempt was recorded in part', to: 'sent', recorded: 'sent' },
    ]);
    expect(ground.smtp.received).toHaveLength(1);
  });

  it('an outcome: the email ends as unknown, and is not sent again', async () => {
    await refuse('emails update', "new.status = 'sent'", '23514');
    const id = await send();
    const { status, events } = await ended(id);
    expect(status).toBe('unknown');
    expect(events.at(-1)).toMatchObject({
      type: 'unknown',
      reason: 'its outcome (sent) could not be recorded',
    });
    // Logged once it is recorded.
    await eventually(async () => errorsOf('consume', id).some(({ recorded }) => recorded === 'unknown'));
    await nothingMore(() => ground.smtp.received.length, 1);
  });

  it('anything at all: one copy, few tries, and all of it is recorded when it can be', async () => {
    await refuse('emails update', recording, '23514');
    const id = await send();
    await eventually(async () => (await refusals()) >= 3);
    await nothingMore(() => ground.smtp.received.length, 1);
    // A few rounds of three forms in this time, not a loop without a pause; dispatch finds no lease that has ended.
    await nothingMore(refusals, 100, 0);
    expect((await ground.api.read(`/emails/${id}`)).status).toBe('sending');
    expect(errorsOf('consume', id)).toHaveLength(1);
    await allow();
    const { status, events } = await ended(id);
    expect([status, events[1].code]).toEqual(['sent', 250]);
    expect(ground.smtp.received).toHaveLength(1);
  });

  it('what an endpoint is like: the delivery is recorded, and the call made once', async () => {
    await ground.database.sql`update webhooks set last_success_at = null`;
    await refuse('webhooks update', `old.id = '${webhook}'`, '23514');
    const id = await send();
    expect(await endedDelivery(id)).toMatchObject({ status: 'delivered', attempts: 1 });
    await nothingMore(() => callsFor(id), 1);
  });

  it('the outcome of a call: it ends as failed, and is not made again', async () => {
    await refuse('webhook_deliveries update', "new.status = 'delivered'", '23514');
    const id = await send();
    expect(await endedDelivery(id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      last_reason: 'its outcome (delivered) could not be recorded',
    });
    await nothingMore(() => callsFor(id), 1);
  });
});
