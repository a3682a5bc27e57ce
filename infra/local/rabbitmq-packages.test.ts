// RabbitMQ of packages that are fetched with the machine's own apt, and what is said where they cannot be.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { connect } from 'amqplib';
import { afterEach, beforeEach, expect, type TestContext, test, vi } from 'vitest';
import { freePort } from './ports.ts';
import { processesIn } from './process-table.ts';
import { startRabbitMq } from './rabbitmq.ts';
import { findRabbitMq } from './rabbitmq-find.ts';
import { canFetch } from './rabbitmq-packages.ts';

/** Fetching and starting take seconds, or minutes on a slow line. */
const patience = { timeout: 300_000 };
let directory: string;
let packages: string;
let notices: string[];

beforeEach((context) => {
  if (!canFetch()) context.skip('there is no apt here');
  directory = mkdtempSync(join(tmpdir(), 'rabbitmq-packages-'));
  packages = join(directory, 'packages');
  notices = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const options = () => ({
  log: () => {},
  notice: (line: string) => void notices.push(line),
  // RabbitMQ may well be installed here.
  path: directory,
  packages,
});

/** Without a network, apt is seen to fail, and the other tests hold what is said then. */
async function orSkip<T>(work: Promise<T>, context: TestContext): Promise<T> {
  return await work.catch((error: Error) =>
    error.message.includes('could not be fetched')
      ? context.skip(`apt reaches no packages: ${error.message}`)
      : fail(error),
  );
}
function fail(error: Error): never {
  throw error;
}

test('fetches packages once, and runs a broker from them', patience, async (context) => {
  // No process has this number: a start that was killed while it fetched. The other one is at it now.
  const [left, other] = [`${packages}.4194305`, `${packages}.${process.ppid}`];
  mkdirSync(join(left, 'debs'), { recursive: true });
  mkdirSync(other);
  const first = await orSkip(findRabbitMq(options()), context);
  expect(first.server.startsWith(packages)).toBe(true);
  expect(first.epmd?.startsWith(packages)).toBe(true);
  const made = statSync(first.server).ctimeMs;
  expect(await findRabbitMq(options())).toEqual(first);
  expect(statSync(first.server).ctimeMs).toBe(made);
  expect(notices).toEqual([expect.stringContaining('fetching')]);
  expect([existsSync(left), existsSync(other)]).toEqual([false, true]);
  expect(readdirSync(directory).toSorted()).toEqual([basename(packages), basename(other)]);

  const broker = await startRabbitMq({ directory: join(directory, 'node'), port: await freePort(), ...options() });
  try {
    // Erlang runs from there as well, not from the machine's own.
    expect(processesIn(directory).filter((line) => line.includes(join(packages, 'usr/lib/erlang/erts')))).not.toEqual(
      [],
    );
    const connection = await connect(broker.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('kept', Buffer.from('a message'));
    await channel.waitForConfirms();
    expect(await channel.get('kept')).toMatchObject({ content: Buffer.from('a message') });
    await connection.close();
    await broker.control('list_queues');
  } finally {
    await broker.stop();
  }
});

test.each([
  ['lists of packages are there and the network is away', ''],
  ['there are no lists either', 'Dir::State "DIRECTORY/state";\n'],
  ['no source has RabbitMQ', 'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "/dev/null";\n'],
])('says what to install or set where %s', patience, async (_what, configuration) => {
  const nowhere = ['http', 'https'].map((scheme) => `Acquire::${scheme}::Proxy "http://127.0.0.1:1";\n`);
  const config = join(directory, 'apt.conf');
  writeFileSync(config, nowhere.join('') + configuration.replace('DIRECTORY', directory));
  vi.stubEnv('APT_CONFIG', config);
  const attempt = findRabbitMq(options());
  await expect(attempt).rejects.toThrow(/could not be fetched.*sudo apt-get install rabbitmq-server.*AMQP_URL=/);
  expect(readdirSync(directory).filter((name) => name.startsWith('packages'))).toEqual([]);
  expect(processesIn(directory)).toEqual([]);
});

test('says so where the path has a space', async () => {
  const attempt = findRabbitMq({ ...options(), packages: join(directory, 'a b') });
  await expect(attempt).rejects.toThrow(/a space in it.*AMQP_URL=/s);
});
