// Ids of emails that are accepted together share messages, twenty at most; a worker that ends gives back those it has not begun.
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readMessage } from '../../lib/queue/queue-message.ts';
import { queueNames } from '../../lib/queue/topology.ts';
import { brokerUrl, eventually, json, startFunction } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const count = 50;
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

let ground: WholeApi;
let ids: string[];

beforeAll(async () => {
  ground = await startWholeApi({ settings: { DISPATCH_INTERVAL_SECONDS: '3600' } });
  await ground.api.functions.consume.stop();
  const { api } = ground;
  const response = await fetch(`${api.functions.send.url}/send/batch`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${api.token}`,
      'content-type': 'application/json',
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        from: 'a@example.com',
        to: `b${index}@example.com`,
        subject: 'Hello',
        text: 'Hi',
      })),
    ),
  });
  ids = (await json(response)).data.map(({ id }: { id: string }) => id);
});
afterAll(() => ground?.stop());

/** Messages on the queue, which stay there. */
async function messages() {
  const connection = await connect(brokerUrl());
  const channel = await connection.createChannel();
  const found: { ids: string[]; traceparent: unknown }[] = [];
  for (
    let message = await channel.get(queueNames.transactional);
    message;
    message = await channel.get(queueNames.transactional)
  ) {
    found.push({ ids: readMessage(message.content) ?? [], traceparent: message.properties.headers?.traceparent });
  }
  await connection.close();
  return found;
}

const startWorker = async () => {
  const { database, smtp } = ground;
  return startFunction('consume', {
    DATABASE_URL: database.url,
    SMTP_URL: smtp.url,
    AMQP_URL: brokerUrl(),
    SMTP_CONNECTIONS: '1',
  });
};
const statuses = async () => {
  const rows = await ground.database.sql`select status, count(*)::int from emails group by status`;
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
};

it('a batch of 50 is three messages, in the trace of their request', async () => {
  await eventually(async () => (await messages()).flatMap((message) => message.ids).length === count);
  const found = await messages();
  expect(found.map((message) => message.ids.length).sort()).toEqual([10, 20, 20]);
  expect(found.flatMap((message) => message.ids).sort()).toEqual(ids.toSorted());
  for (const { traceparent } of found) expect(traceparent).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
});

it('a worker that ends leaves what it has not begun to the next one, and nothing is sent twice', async () => {
  ground.smtp.behave({ slowMs: 200 });
  const first = await startWorker();
  await eventually(async () => ground.smtp.received.length >= 2);
  // As many as wait for its one connection are claimed, not all that it holds.
  expect((await statuses()).sending).toBeLessThanOrEqual(8);
  await first.stop();
  const left = await statuses();
  expect(left).toEqual({ sent: ground.smtp.received.length, queued: count - ground.smtp.received.length });
  expect(left.queued).toBeGreaterThan(30);

  ground.smtp.behave({});
  ground.api.functions.consume = await startWorker();
  // Those that it had claimed and handed back are due.
  await fetch(ground.api.functions.dispatch.url, { method: 'POST' });
  await eventually(async () => (await statuses()).sent === count);
  expect(ground.smtp.received.flatMap(({ to }) => to).sort()).toEqual(
    Array.from({ length: count }, (_, index) => `b${index}@example.com`).sort(),
  );
  await eventually(async () => (await messages()).length === 0);
});
