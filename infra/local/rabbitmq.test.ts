import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, loopback } from './ports.ts';
import { processesIn } from './process-table.ts';
import { type RabbitMq, startRabbitMq } from './rabbitmq.ts';

/** Starts and stops of a broker take seconds. */
const patience = 60_000;
const directory = mkdtempSync(join(tmpdir(), 'local-rabbitmq-'));
const log = () => {};
const queue = 'kept';
let port: number;
let running: RabbitMq | undefined;

beforeAll(async () => {
  port = await freePort();
});
afterAll(async () => {
  await running?.stop();
  rmSync(directory, { recursive: true, force: true });
}, patience);

const start = async () => {
  running = await startRabbitMq({ directory, port, log });
};

async function publish(text: string) {
  const connection = await connect(running?.url ?? '');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

async function consume() {
  const connection = await connect(running?.url ?? '');
  const channel = await connection.createChannel();
  const text = await new Promise((resolve) =>
    channel.consume(queue, (message) => {
      if (message) channel.ack(message);
      resolve(message?.content.toString());
    }),
  );
  // Closing the channel is answered once its acknowledgements are taken.
  await channel.close();
  await connection.close();
  return text;
}

test('keeps a quorum queue over a stop and over a SIGKILL, and leaves no process', { timeout: patience }, async () => {
  await start();
  await publish('over a stop');
  await running?.stop();
  expect(processesIn(directory)).toEqual([]);

  await start();
  expect(await consume()).toBe('over a stop');
  await publish('over a kill');
  await running?.kill();
  expect(processesIn(directory)).toEqual([]);

  await start();
  expect(await consume()).toBe('over a kill');
});

test('says which port is taken', async () => {
  const server = createServer();
  const taken = await freePort();
  await new Promise<void>((listening) => server.listen(taken, loopback, listening));
  const attempt = startRabbitMq({ directory: join(directory, 'other'), port: taken, log });
  await expect(attempt).rejects.toThrow(`RabbitMQ cannot start: port ${taken} is taken`);
  await new Promise((closed) => server.close(closed));
});

test('says what to do where there is no RabbitMQ', async () => {
  const attempt = startRabbitMq({
    directory: join(directory, 'none'),
    port: await freePort(),
    log,
    path: directory,
    packages: false,
  });
  await expect(attempt).rejects.toThrow(/`rabbitmq-server` was not found.*install.*AMQP_URL=/);
});
