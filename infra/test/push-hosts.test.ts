// Hosts that push and call instead of being consumed from: messages to consume, in what each host wraps them, and a round of dispatch.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../local/ports.ts';
import { json, startFunction } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

beforeAll(async () => {
  ground = await startWholeApi({ settings: { DISPATCH_INTERVAL_SECONDS: '3600' } });
  const { api, database, smtp } = ground;
  // As on a host that pushes: without AMQP_URL nothing is consumed.
  await api.functions.consume.stop();
  api.functions.consume = await startFunction('consume', { DATABASE_URL: database.url, SMTP_URL: smtp.url });
});
afterAll(() => ground?.stop());

const accept = async () => (await json(await ground.api.send(good))).id;
const status = async (id: string) => (await ground.api.read(`/emails/${id}`)).status;
const push = (body: unknown, headers: Record<string, string>) =>
  fetch(ground.api.functions.consume.url, { method: 'POST', headers, body: JSON.stringify(body) });
const structured = { 'content-type': 'application/cloudevents+json' };
const binary = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': 'test',
  'ce-type': 'email.queued',
};
const event = (data: unknown) => ({ specversion: '1.0', id: '1', source: 'test', type: 'email.queued', data });

it('delivers the email of a structured event, once however often it is pushed', async () => {
  const id = await accept();
  expect(await status(id)).toBe('queued');
  const answers = await Promise.all([1, 2, 3].map(() => push(event({ id }), structured)));
  expect(answers.map((answer) => answer.status)).toEqual([204, 204, 204]);
  expect(await status(id)).toBe('sent');
  expect(ground.smtp.received).toHaveLength(1);
});

it('delivers the email of a binary event', async () => {
  const id = await accept();
  expect((await push({ id }, binary)).status).toBe(204);
  expect(await status(id)).toBe('sent');
});

it('delivers all emails of an event that is a message with several ids', async () => {
  const ids = [await accept(), await accept(), await accept()];
  expect((await push(event({ ids }), structured)).status).toBe(204);
  for (const id of ids) expect(await status(id)).toBe('sent');
});

it.each<[string, unknown, Record<string, string>, number]>([
  ['no id', event({}), structured, 422],
  ['an id that is none', event({ id: '7' }), structured, 422],
  ['no data', { specversion: '1.0' }, structured, 422],
  ['nothing of ours', { hello: 'world' }, { 'content-type': 'application/json' }, 422],
  ['a batch that is none', event({}), { 'content-type': 'application/cloudevents-batch+json' }, 422],
  ['text', 'x', { 'content-type': 'text/plain' }, 415],
])('refuses %s', async (_what, body, headers, expected) => {
  const answer = await push(body, headers);
  expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
    status: expected,
    type: 'application/problem+json',
  });
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const batch = { 'content-type': 'application/cloudevents-batch+json' };
const plain = { 'content-type': 'application/json' };
const pubSub = (id: string) => ({ message: { data: base64({ id }), messageId: '1' }, subscription: 's' });

it.each<[string, (id: string) => unknown, Record<string, string>]>([
  ['a batch of CloudEvents', (id) => [event({ id })], batch],
  ['data in base64', (id) => ({ ...event(undefined), data_base64: base64({ id }) }), structured],
  ['Pub/Sub', pubSub, plain],
  ['Pub/Sub, unwrapped', (id) => ({ id }), { 'x-goog-pubsub-message-id': '1', 'content-type': '' }],
  ['Eventarc', pubSub, { ...binary, 'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished' }],
  [
    "Lambda's RabbitMQ",
    (id) => ({
      eventSource: 'aws:rmq',
      rmqMessagesByQueue: { 'bulk::/': [{ basicProperties: {}, redelivered: true, data: base64({ ids: [id] }) }] },
    }),
    plain,
  ],
])('delivers the email that comes as %s', async (_what, body, headers) => {
  const id = await accept();
  expect((await push(body(id), headers)).status).toBe(204);
  expect(await status(id)).toBe('sent');
});

it('delivers what is ours of a batch, and says of what is not', async () => {
  const ids = [await accept(), await accept()];
  const answer = await push([event({ id: ids[0] }), event({}), event({ id: ids[1] })], batch);
  expect(answer.status).toBe(422);
  expect((await json(answer)).errors).toEqual([{ path: '[1].data', message: 'must be {"id": "<id of the email>"}' }]);
  for (const id of ids) expect(await status(id)).toBe('sent');
});

it('says to a sender that asks before it pushes that it may', async () => {
  const headers = { 'webhook-request-origin': 'events.example.com', 'webhook-request-rate': '60' };
  const { url } = ground.api.functions.consume;
  const granted = await fetch(url, { method: 'OPTIONS', headers });
  expect(granted.status).toBe(200);
  expect(Object.fromEntries(granted.headers)).toMatchObject({
    'webhook-allowed-origin': 'events.example.com',
    'webhook-allowed-rate': '60',
    allow: 'POST, OPTIONS',
  });
  const elsewhere = await fetch(`${url}/healthz`, { method: 'OPTIONS', headers });
  expect([elsewhere.status, elsewhere.headers.get('webhook-allowed-origin')]).toEqual([405, null]);
});

it('listens where the host of Azure Functions calls, and answers its invocations as it wants', async () => {
  const { database, smtp } = ground;
  const port = await freePort();
  const settings = { DATABASE_URL: database.url, SMTP_URL: smtp.url, FUNCTIONS_CUSTOMHANDLER_PORT: String(port) };
  // PORT is set, too, and something else listens there.
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const taken = (other.address() as AddressInfo).port;
  const consume = startFunction('consume', settings, { port, env: { PORT: String(taken) } });
  try {
    const id = await accept();
    const body = JSON.stringify({ Data: { message: JSON.stringify(JSON.stringify({ id })) }, Metadata: {} });
    const answer = await fetch(`${(await consume).url}/consume`, { method: 'POST', headers: plain, body });
    expect([answer.status, await json(answer)]).toEqual([200, { Outputs: {}, Logs: [], ReturnValue: null }]);
    expect(await status(id)).toBe('sent');
  } finally {
    other.close();
    await (await consume).stop();
  }
});

it('has nothing to do for an email that there is not', async () => {
  expect((await push(event({ id: '01890000-0000-7000-8000-000000000000' }), structured)).status).toBe(204);
});

it('runs a round of dispatch when it is called', async () => {
  const id = await accept();
  await ground.database.sql`update emails set due_at = now() - interval '1 second' where id = ${id}`;
  const answer = await fetch(ground.api.functions.dispatch.url, { method: 'POST' });
  expect(await json(answer)).toEqual({ due: 1, published: 1, webhooks: 0 });
});
