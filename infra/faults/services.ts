// The services below the functions: a durable PostgreSQL, a RabbitMQ, built bundles. Faults can end and restart each.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from '../../esbuild.config.ts';
import { openDatabase } from '../../lib/store/database.ts';
import { startChild } from '../local/child.ts';
import { type FunctionRoles, functionRoles } from '../local/function-roles.ts';
import { freePorts } from '../local/ports.ts';
import { type Postgres, startPostgres } from '../local/postgres.ts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { logTo } from './log-file.ts';

/** A service on one folder and port: what was ended comes back as it was. */
export interface Service<Running> {
  running: Running;
  start(): Promise<void>;
}

export interface Services {
  directory: string;
  bundles: string;
  signingKeys: string;
  certificates: Certificates;
  postgres: Service<Postgres>;
  rabbitMq: Service<RabbitMq>;
  /** Each function's own, in every database. */
  roles: FunctionRoles;
  /** A database of its own for one fault, with tables and client in it. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** The original's example. */
export const client = { client_id: 'myawesomeapp', client_secret: 'abc123', scope: 'basic email' };
/** Whoever wants more than its part. */
export const greedyClient = { ...client, client_id: 'greedy', client_secret: 'more-than-its-part-of-all-there-is' };

export async function startServices(directory: string): Promise<Services> {
  mkdirSync(directory, { recursive: true });
  const path = (...names: string[]) => join(directory, ...names);
  const [postgresPort = 0, amqpPort = 0] = await freePorts(2);
  const [postgres, rabbitMq] = await Promise.all([
    service(() =>
      // Its own settings are durable: what it has committed survives a crash.
      startPostgres({ directory: path('postgres'), port: postgresPort, log: logTo(path('postgres.log')) }),
    ),
    service(() =>
      startRabbitMq({
        directory: path('rabbitmq'),
        port: amqpPort,
        log: logTo(path('rabbitmq.log')),
        notice: console.log,
      }),
    ),
    bundle(path('dist')),
  ]);

  const signingKeys = path('signing-keys.json');
  const admin = async (...args: string[]) => {
    const env = { DATABASE_URL: postgres.running.url, MIGRATIONS_DIRECTORY: resolve('infra/migrations') };
    const entry = path('dist', 'admin', 'index.mjs');
    const log = logTo(path('admin.log'));
    await startChild({ name: 'admin', command: process.execPath, args: [entry, ...args], env, log }).done();
  };
  const roles = functionRoles(path('roles'));
  await admin('migrate');
  await admin('database', 'roles', roles.file);
  await admin('signing-key', 'ensure', signingKeys);
  for (const { client_id, client_secret, scope } of [client, greedyClient])
    await admin('client', 'ensure', '--demo', client_id, '--secret', client_secret, '--scope', scope);

  return {
    directory,
    bundles: path('dist'),
    signingKeys,
    roles,
    certificates: makeCertificates(path('certificates')),
    postgres,
    rabbitMq,
    async createDatabase(name) {
      const sql = openDatabase(withDatabase(postgres.running.url, 'template1'), { connections: 1, name: 'harness' });
      await sql`create database ${sql(name)} template postgres`;
      await sql.end();
      return withDatabase(postgres.running.url, name);
    },
    async stop() {
      await Promise.all([postgres.running.stop(), rabbitMq.running.stop()]);
    },
  };
}

async function service<Running>(start: () => Promise<Running>): Promise<Service<Running>> {
  const made: Service<Running> = {
    running: await start(),
    async start() {
      made.running = await start();
    },
  };
  return made;
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
