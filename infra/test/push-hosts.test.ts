// Hosts that push and call instead of being consumed from: a CloudEvent to consume, a round of dispatch, each by POST /.
import { afterAll, beforeAll, expect, it } from 'vitest';
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
  ['no CloudEvent', { id: '01890000-0000-7000-8000-000000000000' }, { 'content-type': 'application/json' }, 422],
  ['text', 'x', { 'content-type': 'text/plain' }, 415],
])('refuses %s', async (_what, body, headers, expected) => {
  const answer = await push(body, headers);
  expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
    status: expected,
    type: 'application/problem+json',
  });
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
