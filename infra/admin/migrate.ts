// Brings a database to the present schema: applies the SQL files of infra/migrations, forward only, each in a transaction.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { isDatabaseAway } from '../../lib/store/database.ts';

export interface MigrateOptions {
  /** The folder of the SQL files; by default found from this file. */
  directory?: string | undefined;
  /** Called with a line for each step. */
  log?: (line: string) => void;
  /** How long to wait for a database that is not up. */
  patienceMs?: number;
}

const retryMs = 500;
const connectTimeoutMs = 5_000;

/**
 * Applies the migrations that the database lacks and returns their names, in order. Any number of processes may run it at once:
 * they wait for each other (advisory lock). Throws when the database stays away for longer than `patienceMs`, or a migration fails.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const { directory = migrationsDirectory(), log = () => {}, patienceMs = 30_000 } = options;
  const deadline = Date.now() + patienceMs;
  let told = '';
  for (;;) {
    try {
      return await migrateOnce(databaseUrl, directory, log);
    } catch (error) {
      if (!isAway(error) || Date.now() + retryMs > deadline) throw error;
      const reason = reasonOf(error);
      if (reason !== told) log(`Waiting for the database: ${reason}`);
      told = reason;
      await sleep(retryMs);
    }
  }
}

async function migrateOnce(databaseUrl: string, dir: string, log: (line: string) => void): Promise<string[]> {
  const client = new pg.Client({
    connectionString: withLibpqMeaning(databaseUrl),
    application_name: 'email-api migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // If the connection is lost, the waiting statement fails. Without this listener, the process would end, too.
  client.on('error', () => {});
  try {
    await client.connect();
    await refusePooler(client);
    const applied = await runner({
      dbClient: client,
      dir,
      // Ignore files that editors or tarballs leave behind.
      ignorePattern: '(?!\\d{4}_[a-z0-9_]+\\.sql$).*',
      direction: 'up',
      migrationsTable: 'migrations',
      advisoryLockMode: 'wait',
      logger: { debug: () => {}, info: log, warn: log, error: () => {} },
    });
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** A migration holds a lock until its session ends. Through a pooler, the lock would stay in a session that others use. */
async function refusePooler(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const { processID } = client as unknown as { processID: number };
  if (rows[0]?.pid !== processID)
    throw new Error('DATABASE_URL leads to a pooler, as PgBouncer: migrations need PostgreSQL itself');
}

/** By default, this driver treats `sslmode=require` as `verify-full`; this parameter gives it the usual meaning of libpq. */
function withLibpqMeaning(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true');
  return url.href;
}

/** The SQL files are copied beside the bundle; in the sources they are in infra/migrations. */
function migrationsDirectory(): string {
  const candidates = ['./migrations', '../migrations'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`There are no migrations in ${candidates.join(' or ')}; set MIGRATIONS_DIRECTORY.`);
  return found;
}

/** Some errors of this driver have only a text, as when the server restarts (the PostgreSQL image does so at its first start). */
function isAway(error: unknown): boolean {
  const words = ['Connection terminated', 'timeout expired', 'Client has encountered a connection error'];
  return isDatabaseAway(error) || words.some((text) => reasonOf(error).includes(text));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
