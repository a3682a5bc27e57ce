// A queue that the broker refuses, as it is of another type, is left alone: the others go on, and it is taken up once it is put right.
import { join } from 'node:path';
import { type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { walkDeadLetters } from '../../lib/queue/dead-letters.ts';
import { freePort } from '../local/ports.ts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, eventually, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let broker: RabbitMq;
let connection: ChannelModel;
let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  const directory = join(inject('workDirectory'), 'broker-with-other-queues');
  broker = await startRabbitMq({ directory, port: await freePort(), log: () => {} });
  connection = await connect(broker.url);
  const channel = await connection.createChannel();
  for (const name of ['emails.bulk', 'webhooks']) await channel.assertQueue(name, { durable: true });
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({
    databaseUrl: database.url,
    smtpUrl: smtp.url,
    amqpUrl: broker.url,
    settings: { PUBLISH_GRACE_SECONDS: '1', DISPATCH_INTERVAL_SECONDS: '0.1' },
    until: 'up',
  });
});
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
  await connection?.close();
  await broker?.stop();
});

async function accept(further: object = {}): Promise<string> {
  const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
  const response = await api.send({ ...good, ...further });
  expect(response.status).toBe(202);
  return (await json(response)).id;
}
const statusOf = async (id: string) => (await api.read(`/emails/${id}`)).status;
const isReady = async (name: 'consume' | 'dispatch') => {
  const response = await fetch(`${api.functions[name].url}/readyz`);
  return { status: response.status, checks: (await json(response)).checks };
};

it('the other lane goes on, readiness and the log tell which does not', async () => {
  const [bulk, transactional] = [await accept({ lane: 'bulk' }), await accept()];
  await eventually(async () => (await statusOf(transactional)) === 'sent');
  expect(await statusOf(bulk)).toBe('queued');
  const checks = { database: true, broker: true, queues: false };
  expect(await isReady('consume')).toEqual({ status: 503, checks });
  expect(await isReady('dispatch')).toEqual({ status: 503, checks });
  const told = api.functions.consume.lines.filter(({ level }) => level === 'error');
  expect(told.map(({ queue }) => queue).sort()).toEqual(['emails.bulk', 'webhooks']);
  expect(told[0]).toMatchObject({ reason: expect.stringContaining('PRECONDITION') });
  // Dead letters can still be seen.
  await walkDeadLetters(broker.url, async () => 'keep');
});

it('it is taken up once it is put right, without a restart', async () => {
  const channel = await connection.createChannel();
  for (const name of ['emails.bulk', 'webhooks']) await channel.deleteQueue(name);
  await eventually(async () => (await isReady('consume')).status === 200);
  const bulk = await accept({ lane: 'bulk' });
  await eventually(async () => (await statusOf(bulk)) === 'sent');
  await eventually(async () => {
    const open = await database.sql`select from emails where finished_at is null`;
    return open.length === 0;
  });
});
