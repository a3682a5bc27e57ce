// What all tests share: a private PostgreSQL with a migrated template database, a private RabbitMQ, and the built bundles.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../esbuild.config.ts';
import { migrate } from '../admin/migrate.ts';
import { freePorts } from '../local/ports.ts';
import { startPostgres } from '../local/postgres.ts';
import { processesIn } from '../local/process-table.ts';
import { startRabbitMq } from '../local/rabbitmq.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Server whose `postgres` database is the migrated template. */
    postgresUrl: string;
    amqpUrl: string;
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
  const [postgresPort = 0, amqpPort = 0] = await freePorts(2);
  const bundles = join(workDirectory, 'dist');
  const [postgres, rabbitMq] = await Promise.all([
    startPostgres({ directory: join(workDirectory, 'postgres'), port: postgresPort, log, flags: fastFlags }),
    startRabbitMq({
      directory: join(workDirectory, 'rabbitmq'),
      port: amqpPort,
      log,
      notice: (line) => console.log(line),
    }),
    bundle(bundles),
  ]);
  await migrate(postgres.url);

  provide('postgresUrl', postgres.url);
  provide('amqpUrl', rabbitMq.url);
  provide('bundles', bundles);
  provide('workDirectory', workDirectory);

  return async () => {
    await Promise.all([rabbitMq.stop(), postgres.stop()]);
    const left = processesIn(workDirectory);
    if (left.length > 0) throw new Error(`Processes left behind by the tests:\n${left.join('\n')}`);
    rmSync(workDirectory, { recursive: true, force: true });
  };
}
