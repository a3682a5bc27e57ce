// Lanes: a backlog of 10,000 bulk emails does not delay a transactional one.
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { queueNames } from '../../lib/queue/topology.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, brokerUrl, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, settings: { LOG_LEVEL: 'warn' } });
});
afterAll(async () => {
  // Killed, not drained: most of the backlog is still there, and is nothing for the tests that follow.
  await api?.functions.consume.kill();
  await api?.stop().catch(() => {});
  const broker = await connect(brokerUrl());
  await (await broker.createChannel()).purgeQueue(queueNames.bulk);
  await broker.close();
  await smtp?.stop();
  await database?.drop();
});

it('a transactional email overtakes 10,000 bulk ones', async () => {
  // Slow enough that the backlog outlasts the test by far: at most 8 bulk emails at once, three seconds each.
  smtp.behave({ slowMs: 3_000 });
  const bulk = { from: 'a@example.com', to: 'b@example.com', subject: 'News', text: 'Hi', lane: 'bulk' };
  const batch = JSON.stringify(Array.from({ length: 100 }, () => bulk));
  for (let hundreds = 0; hundreds < 100; hundreds += 1) {
    const response = await fetch(`${api.functions.send.url}/send/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
      body: batch,
    });
    expect(response.status).toBe(202);
  }

  const urgent = { ...bulk, to: 'urgent@example.com', lane: 'transactional' };
  expect(await json(await api.send(urgent, { prefer: 'wait=30' }))).toMatchObject({ status: 'sent' });
  const [row] = await database.sql`select count(*)::int from emails where lane = 'bulk' and finished_at is null`;
  expect(row?.count).toBeGreaterThan(9_000);
});
