// Brings a database to the present schema: the plain SQL files of infra/migrations, forward only, each in its transaction.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { isDatabaseAway } from '../../lib/store/database.ts';

export interface MigrateOptions {
  /** Where the SQL files are; found beside this file where it is not given. */
  directory?: string | undefined;
  /** Takes each step in words. */
  log?: (line: string) => void;
  /** How long to wait for a database that is not up yet. */
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
  // A connection lost while a statement waits fails that statement; without a listener it would end the process, too.
  client.on('error', () => {});
  try {
    await client.connect();
    await refusePooler(client);
    const applied = await runner({
      dbClient: client,
      dir,
      // An editor's or a tarball's leavings are no migrations.
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

/** Whoever migrates holds a lock for as long as his session lasts; through a pooler it would be left behind in somebody else's. */
async function refusePooler(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const { processID } = client as unknown as { processID: number };
  if (rows[0]?.pid !== processID)
    throw new Error('DATABASE_URL leads to a pooler, as PgBouncer: migrations need PostgreSQL itself');
}

/** This driver takes `sslmode=require` for `verify-full`, unless it is told that the word means what it means elsewhere. */
function withLibpqMeaning(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true');
  return url.href;
}

/** A copy lies beside the bundle; in the sources they are a folder of infra. */
function migrationsDirectory(): string {
  const candidates = ['./migrations', '../migrations'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`There are no migrations in ${candidates.join(' or ')}; set MIGRATIONS_DIRECTORY.`);
  return found;
}

/** This driver says some of it in words only: a server that restarts under us, as the PostgreSQL image does at its first start. */
function isAway(error: unknown): boolean {
  const words = ['Connection terminated', 'timeout expired', 'Client has encountered a connection error'];
  return isDatabaseAway(error) || words.some((text) => reasonOf(error).includes(text));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
