// What all tests share: a private PostgreSQL with a migrated template database, a private RabbitMQ, and the built bundles.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../esbuild.config.ts';
import { createSigningKeys } from '../../functions/token/create-signing-key.ts';
import { functionRoles } from '../local/function-roles.ts';
import { freePorts } from '../local/ports.ts';
import { startPostgres } from '../local/postgres.ts';
import { processesIn, untilNoneIn } from '../local/process-table.ts';
import { startRabbitMq } from '../local/rabbitmq.ts';
import { findRabbitMq } from '../local/rabbitmq-find.ts';
import { brokers } from './brokers.ts';
import { prepareDatabase } from './prepare-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Server whose `postgres` database is the migrated template; its user owns everything. */
    postgresUrl: string;
    /** One for each test file that runs at once. */
    amqpUrls: string[];
    /** Folder of the built bundles. */
    bundles: string;
    /** Folder for what a test keeps on disk; everything that runs from it must be gone at the end. */
    workDirectory: string;
  }
}

/** The tests lose nothing when the machine loses power. */
const fastFlags = [
  '-c',
  'fsync=off',
  '-c',
  'synchronous_commit=off',
  '-c',
  'full_page_writes=off',
  '-c',
  'max_connections=200',
];

export default async function setUp({ provide }: TestProject) {
  const workDirectory = mkdtempSync(join(tmpdir(), 'email-api-test-'));
  const log = () => {};
  const [postgresPort = 0, ...amqpPorts] = await freePorts(1 + brokers);
  const bundles = join(workDirectory, 'dist');
  const notice = (line: string) => console.log(line);
  // Once, before several start: its packages may have to be fetched.
  await findRabbitMq({ log, notice });
  const [postgres, rabbitMqs] = await Promise.all([
    startPostgres({ directory: join(workDirectory, 'postgres'), port: postgresPort, log, flags: fastFlags }),
    Promise.all(
      amqpPorts.map((port, index) =>
        startRabbitMq({
          directory: join(workDirectory, `rabbitmq-${index}`),
          port,
          log,
          notice,
        }),
      ),
    ),
    bundle(bundles),
  ]);
  await prepareDatabase(postgres.url, functionRoles(join(workDirectory, 'roles')).file);
  writeFileSync(join(workDirectory, 'signing-keys.json'), await createSigningKeys('RS256'));

  provide('postgresUrl', postgres.url);
  provide(
    'amqpUrls',
    rabbitMqs.map(({ url }) => url),
  );
  provide('bundles', bundles);
  provide('workDirectory', workDirectory);

  return async () => {
    await Promise.all([...rabbitMqs, postgres].map((service) => service.stop()));
    // RabbitMQ's own children may outlive it by a moment.
    await untilNoneIn(workDirectory, 30_000);
    const left = processesIn(workDirectory);
    if (left.length > 0) throw new Error(`Processes left behind by the tests:\n${left.join('\n')}`);
    rmSync(workDirectory, { recursive: true, force: true });
  };
}
