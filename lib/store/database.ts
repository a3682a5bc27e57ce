// The one place that opens PostgreSQL.
import { setTimeout } from 'node:timers/promises';
import postgres from 'postgres';
import { arrayTypes } from './array-types.ts';
import { readDatabaseAddress } from './database-tls.ts';

export type Sql = postgres.Sql;
/** What a transaction hands to the SQL functions; a plain `Sql` serves as well. */
export type Query = postgres.ISql;
/** A part of a query. */
export type Fragment = postgres.Fragment;

/**
 * A statement's plan is kept with its connection. One that was made while a table was small would read all of it, and go on to do so
 * as it grows: ten times slower after a minute of load on an empty database. All our statements have an index to go by, and none is
 * worth compiling.
 */
const planning = { enable_seqscan: 'off', jit: 'off' };

/** Opens a pool of at most `connections`; nothing connects before the first query. `name` shows in `pg_stat_activity`. */
export function openDatabase(url: string, { connections, name }: { connections: number; name: string }): Sql {
  const address = readDatabaseAddress(url);
  return postgres(address.url, {
    max: connections,
    connect_timeout: 5,
    // Short, so that a database that is back is used again at once.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 0.5),
    connection: { application_name: `email-api ${name}`, ...planning },
    onnotice: () => {},
    fetch_types: false,
    types: arrayTypes,
    ...(address.socket && { socket: address.socket, ssl: false }),
  });
}

/**
 * Runs `work` in a transaction, which is rolled back when `work` rejects. To be used in place of the driver's own `begin`: that
 * one also sends the rollback when the connection has been lost, to no connection, and with its next one takes each answer
 * for that of another query.
 */
export async function inTransaction<Result>(sql: Sql, work: (transaction: Query) => Promise<Result>): Promise<Result> {
  let result: Result | undefined;
  await sql.begin(async (transaction) => {
    try {
      result = await work(transaction);
    } catch (error) {
      // Without a connection there is nothing to roll back. The driver rejects `begin` by itself; this must not end before.
      if (isConnectionLost(error)) await new Promise(() => {});
      throw error;
    }
  });
  return result as Result;
}

/** Error codes of the driver and of the network that say the database cannot be reached. */
const awayCodes = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && awayCodes.has(error.code);
}

/** True when a query failed because the database is away or shutting down (SQLSTATE classes 08, 53 and 57P0x), not because of its data. */
export function isDatabaseAway(error: unknown): boolean {
  if (isConnectionLost(error)) return true;
  return error instanceof Error && 'code' in error && /^(08...|53...|57P0.)$/.test(String(error.code));
}

/** How often a query is tried again while the database is away. */
const retryMs = 200;

/** Runs `query` again and again until the database is back; other failures are thrown. */
export async function untilDatabaseIsBack<Result>(query: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await query();
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      await setTimeout(retryMs);
    }
  }
}
