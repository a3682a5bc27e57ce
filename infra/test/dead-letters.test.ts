// Messages that no worker could use: looked at, put back where they carry an email's id, and never lost.

import { join } from 'node:path';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { walkDeadLetters } from '../../lib/queue/dead-letters.ts';
import { deadLetterQueue, queueNames } from '../../lib/queue/topology.ts';
import { runAdmin } from '../admin/run.ts';
import { freePort } from '../local/ports.ts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, eventually, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let broker: RabbitMq;
let api: Api;

// A broker of its own: other tests leave dead letters, too.
beforeAll(async () => {
  const directory = join(inject('workDirectory'), 'broker-of-dead-letters');
  broker = await startRabbitMq({ directory, port: await freePort(), log: () => {} });
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  // Dispatch must not be quicker than the operator.
  const settings = { PUBLISH_GRACE_SECONDS: '3600' };
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, amqpUrl: broker.url, settings });
});
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
  await broker?.stop();
});

const run = (...args: string[]) =>
  runAdmin(args, { databaseUrl: database.url, amqpUrl: broker.url, migrationsDirectory: undefined, say: () => {} });
const never = '01890000-0000-7000-8000-000000000000';

async function publish(queue: string, ...contents: string[]): Promise<void> {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  for (const content of contents) channel.sendToQueue(queue, Buffer.from(content), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

async function deadContents(): Promise<string[]> {
  const contents: string[] = [];
  await walkDeadLetters(broker.url, async ({ content }) => {
    contents.push(content.toString());
    return 'keep';
  });
  return contents;
}
const untilDead = (count: number) => eventually(async () => (await deadContents()).length === count);

/** An email whose id is not on its queue. */
async function acceptUnpublished(lane: 'transactional' | 'bulk'): Promise<string> {
  const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
  const body = { from: 'a@example.com', to: `${lane}@example.com`, subject: 's', text: 't', lane, scheduled_at };
  const { id } = await json(await api.send(body));
  await database.sql`update emails set status = 'queued' where id = ${id}`;
  return id;
}

describe('queue dead', () => {
  it('says so when there are none', async () => {
    expect(await run('queue', 'dead')).toEqual({ exitCode: 0, output: 'There are no dead letters.' });
    expect(await run('queue', 'replay-dead')).toMatchObject({ output: '0 messages are back on their queues, 0 stay.' });
  });

  it('shows what died where and why, as often as one looks, and keeps it in order', async () => {
    // Poison that a worker rejects.
    await publish(queueNames.bulk, 'nonsense \u0007');
    await untilDead(1);
    await publish(deadLetterQueue, JSON.stringify({ id: never }), '{"id":7}');
    // More often than RabbitMQ 4 would return a message.
    for (let look = 0; look < 25; look += 1) {
      const { output = '' } = await run('queue', 'dead');
      const [, first, second, third] = output.split('\n');
      expect(first).toMatch(/^\S+ \S+ UTC +emails\.bulk +rejected +no id: "nonsense \\u0007" +no such email$/);
      expect(second).toMatch(new RegExp(`^- +- +- +${never} +no such email$`));
      expect(third).toContain('no id: "{\\"id\\":7}"');
    }
    expect(await deadContents()).toHaveLength(3);
  });
});

describe('queue replay-dead', () => {
  it('puts ids of emails back on the queue of their lane, and leaves what it cannot use', async () => {
    const ids = [await acceptUnpublished('transactional'), await acceptUnpublished('bulk')];
    await publish(deadLetterQueue, ...ids.map((id) => JSON.stringify({ id: id.toUpperCase() })));
    const { exitCode, output = '' } = await run('queue', 'replay-dead');
    expect({ exitCode, first: output.split('\n')[0] }).toEqual({
      exitCode: 0,
      first: '2 messages are back on their queues, 3 stay.',
    });
    expect(output).toContain(never);
    for (const id of ids) await eventually(async () => (await api.read(`/emails/${id}`)).status === 'sent');
    expect(smtp.received.flatMap(({ to }) => to).sort()).toEqual(['bulk@example.com', 'transactional@example.com']);
    expect((await deadContents()).sort()).toEqual(
      ['nonsense \u0007', '{"id":7}', JSON.stringify({ id: never })].sort(),
    );
  });

  it('loses none when it breaks in the middle', async () => {
    const before = (await deadContents()).sort();
    let seen = 0;
    const broken = walkDeadLetters(broker.url, async () => {
      seen += 1;
      if (seen === 2) throw new Error('broken');
      return 'keep';
    });
    await expect(broken).rejects.toThrow('broken');
    await eventually(async () => (await deadContents()).length === before.length);
    expect((await deadContents()).sort()).toEqual(before);
  });
});

describe('a failure is one line', () => {
  it.each([
    ['', /^AMQP_URL is not set; it has the form amqp:/],
    ['localhost', /^AMQP_URL is no URL of a broker; /],
    ['amqp://127.0.0.1:1', /^The broker that AMQP_URL names cannot be used \(.*ECONNREFUSED.*\)\.$/],
  ])('AMQP_URL=%s', async (amqpUrl, complaint) => {
    const settings = { databaseUrl: database.url, amqpUrl, migrationsDirectory: undefined, say: () => {} };
    expect(await runAdmin(['queue', 'dead'], settings)).toEqual({
      exitCode: 1,
      complaint: expect.stringMatching(complaint),
    });
  });
});
