// One client's backlog holds up no other: counted in the emails of others that go before, as a count is the same on a slow machine.
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueNames } from '../../lib/queue/topology.ts';
import { admin, brokerUrl, eventually, exampleClient, getToken, json, startFunction } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
const tokens = new Map<string, string>();
/** More than the queue may hold at any time, and few enough that the test is soon over. */
const backlog = 3_000;
/** Places that others may have before a single email: the queue of that moment, and what the worker holds; not the backlog. */
const most = backlog / 2;

beforeAll(async () => {
  ground = await startWholeApi({ settings: { LOG_LEVEL: 'warn', PUBLISH_GRACE_SECONDS: '3' } });
  const { database, api } = ground;
  for (const name of ['b', ...Array.from({ length: 6 }, (_, index) => `c${index}`)]) {
    const client = { ...exampleClient, client_id: name };
    admin(database.url, 'client', 'ensure', '--demo', name, '--secret', client.client_secret, '--scope', 'basic email');
    tokens.set(name, await getToken(api.functions.token.url, client));
  }
  tokens.set('a', api.token);
});
afterAll(async () => {
  // Killed, not drained: what is left is nothing for the tests that follow.
  await ground?.api.functions.consume.kill();
  await ground?.stop().catch(() => {});
  const broker = await connect(brokerUrl());
  const channel = await broker.createChannel();
  for (const name of Object.values(queueNames)) await channel.purgeQueue(name);
  await broker.close();
});

async function handIn(client: string, count: number, over: object = {}): Promise<string[]> {
  const one = { from: 'a@example.com', to: `${client}@example.com`, subject: 'Hello', text: 'Hi', ...over };
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 100) {
    const response = await fetch(`${ground.api.functions.send.url}/send/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.get(client)}`, 'content-type': 'application/json' },
      body: JSON.stringify(Array.from({ length: Math.min(left, 100) }, () => one)),
    });
    expect(response.status).toBe(202);
    ids.push(...(await json(response)).data.map(({ id }: { id: string }) => id));
  }
  return ids;
}

const takenOf = (client: string) => ground.smtp.received.filter(({ to }) => to.includes(`${client}@example.com`));

/** How many emails of others arrive from when a client's single one was accepted until it arrives. */
async function placesBefore(client: string): Promise<number> {
  const own = takenOf(client).length;
  await handIn(client, 1);
  const from = ground.smtp.received.length;
  await eventually(async () => takenOf(client).length > own, 200_000);
  return ground.smtp.received.length - from;
}

const open = async () => {
  const [row] = await ground.database.sql`select count(*)::integer from emails where finished_at is null`;
  return row?.count;
};
const waiting = async () => {
  const [row] = await ground.database.sql`
    select count(*)::integer from emails where status = 'queued' and queued_at is null`;
  return row?.count;
};
const untilDone = () => eventually(async () => (await open()) === 0, 600_000);

// The first of all: a send that has just started takes nobody for quick, and lets the first client put few ids ahead of the others.
it('clients with 2,000 each end within 10 % of one another', async () => {
  const clients = [...tokens.keys()].filter((name) => name.startsWith('c'));
  await ground.api.functions.consume.stop();
  // The first finds the queue empty, and nobody else: it must not be far ahead for that. The others come a request at a time.
  const turns = 20;
  for (let turn = 0; turn < turns; turn += 1) {
    if (turn === 0) await handIn('c0', 500);
    const others = clients.filter((name) => name !== 'c0' || turn >= 5);
    await Promise.all(others.map((name) => handIn(name, 100)));
  }
  const from = ground.smtp.received.length;
  const { database, smtp } = ground;
  const settings = { DATABASE_URL: database.url, AMQP_URL: brokerUrl(), SMTP_URL: smtp.url };
  ground.api.functions.consume = await startFunction('consume', settings);
  await untilDone();
  const order = smtp.received.slice(from).map(({ to }) => to[0]);
  const ends = clients.map((name) => order.lastIndexOf(`${name}@example.com`) + 1);
  expect(order).toHaveLength(clients.length * turns * 100);
  expect(Math.min(...ends)).toBeGreaterThan(0.9 * Math.max(...ends));
}, 900_000);

describe.each(['transactional', 'bulk'])('%s', (lane) => {
  it('a single email goes before most of the backlog of another client', async () => {
    ground.smtp.behave({ slowMs: 10 });
    await handIn('a', backlog, { lane });
    expect(await waiting()).toBeGreaterThan(backlog / 3);
    expect(await placesBefore('b')).toBeLessThan(most);
    ground.smtp.behave({});
    await untilDone();
  }, 900_000);
});

it('so it does where the backlog was scheduled, and all of it is due in one moment', async () => {
  ground.smtp.behave({ slowMs: 10 });
  const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
  await handIn('a', backlog, { scheduled_at });
  const scheduled = await handIn('b', 1, { scheduled_at });
  await ground.database.sql`update emails set due_at = now() where status = 'scheduled'`;
  const from = ground.smtp.received.length;
  await eventually(async () => ground.smtp.received.length > from);
  await eventually(async () => {
    const [row] = await ground.database.sql`select status from emails where id = ${scheduled[0] ?? ''}`;
    return row?.status === 'sent';
  });
  expect(ground.smtp.received.length - from).toBeLessThan(most);
  ground.smtp.behave({});
  await untilDone();
}, 900_000);

it('so it does where the backlog is replayed', async () => {
  ground.smtp.behave({ answerData: [550, '5.7.1 not today'] });
  await handIn('a', 1_000);
  await untilDone();
  await ground.database.sql`delete from suppressions`;
  ground.smtp.behave({ slowMs: 10 });
  const replay = await fetch(`${ground.api.functions.send.url}/emails/replay`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get('a')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ status: ['bounced', 'failed'], limit: 100 }),
  });
  expect(replay.status).toBe(202);
  expect(await waiting()).toBeGreaterThan(0);
  expect(await placesBefore('b')).toBeLessThan(90);
  ground.smtp.behave({});
  await untilDone();
}, 900_000);

it('what had a place on the queue and lost it with a dispatch that was killed comes again', async () => {
  await ground.api.functions.consume.stop();
  const before = takenOf('a').length;
  await handIn('a', 2_000);
  await eventually(async () => (await waiting()) > 0);
  await ground.api.functions.dispatch.kill();
  // As it leaves them when it is killed between the two: places in the rows, nothing on the queue.
  await ground.database.sql`
    update emails set queued_at = now(), due_at = now() + interval '1 second'
    where id in (select id from emails where status = 'queued' and queued_at is null order by id limit 300)`;
  const { database, smtp } = ground;
  const settings = {
    DATABASE_URL: database.url,
    AMQP_URL: brokerUrl(),
    SMTP_URL: smtp.url,
    PUBLISH_GRACE_SECONDS: '3',
  };
  // Two, as any number may run at once.
  const dispatches = [await startFunction('dispatch', settings), await startFunction('dispatch', settings)];
  ground.api.functions.consume = await startFunction('consume', settings);
  await untilDone();
  await pause(500);
  expect(takenOf('a')).toHaveLength(before + 2_000);
  for (const dispatch of dispatches) await dispatch.stop();
  ground.api.functions.dispatch = await startFunction('dispatch', settings);
}, 900_000);
