// The one place that opens PostgreSQL.
import { setTimeout } from 'node:timers/promises';
import postgres from 'postgres';
import type { Log } from '../process/log.ts';
import { arrayTypes } from './array-types.ts';
import { readDatabaseAddress } from './database-tls.ts';
import { checkPooler, type Pooler } from './pooler.ts';

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

export interface DatabaseOptions {
  /** Most connections at once. */
  connections: number;
  /** Shows in `pg_stat_activity`. */
  name: string;
  /** What stands between us and PostgreSQL. */
  pooler?: Pooler | undefined;
  /** Where it is given, a pooler that `pooler` does not tell of is looked for, and stops the process. */
  log?: Log;
}

/** Opens a pool of connections; but for looking for a pooler, nothing connects before the first query. */
export function openDatabase(url: string, { connections, name, pooler, log }: DatabaseOptions): Sql {
  const address = readDatabaseAddress(url);
  const sql = postgres(address.url, {
    max: connections,
    connect_timeout: 5,
    // Short, so that a database that is back is used again at once.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 0.5),
    // Through a pooler, each statement is planned anew, by what its table is then.
    prepare: pooler === undefined,
    connection: { application_name: `email-api ${name}`, ...(pooler === undefined && planning) },
    onnotice: () => {},
    fetch_types: false,
    types: arrayTypes,
    ...(address.socket && { socket: address.socket, ssl: false }),
  });
  if (log) void checkPooler(sql, pooler, log);
  return sql;
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

/** Resolves where the database answers. */
export async function checkDatabase(sql: Sql): Promise<void> {
  await sql`select 1`;
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

/** SQLSTATEs of a server, or of a pooler in front of it, that is not to be had now: 08 connection, 57P0 shutting down or starting. */
const awayStates = /^(08...|57P0.|53300)$/;

/** True when the database cannot be reached: the connection is refused or lost, or the server is going down or coming up. */
export function isDatabaseAway(error: unknown): boolean {
  return isConnectionLost(error) || awayStates.test(codeOf(error));
}

/** SQLSTATEs of a server that answers and refuses the statement now, whatever is in it; later it may take the same one. */
const refusals: [RegExp, reason: string][] = [
  [/^25006$/, 'it is read-only: a standby, or a primary that was demoted'],
  [/^57014$/, 'the statement took longer than statement_timeout, or somebody cancelled it'],
  [/^55P03$/, 'a lock was not to be had within lock_timeout'],
  [/^40...$/, 'the transaction was rolled back for the sake of another: serialization, deadlock'],
  [/^25P0[34]$/, 'the transaction was idle or open for too long'],
  [/^53...$/, 'the disk or the memory is full, or a limit of the server is reached'],
  [/^58...$/, 'the operating system failed it: reading or writing a file'],
  [
    /^(28...|3D000)$/,
    'it lets our role in no more, or has no such database: a password or an address is being changed',
  ],
];

/** True when the database answers, but refuses for now: the same statement may succeed later. */
export function isRefusedForNow(error: unknown): boolean {
  return refusals.some(([state]) => state.test(codeOf(error)));
}

/** True when a query failed for what the database is in, not for what the query says: it concerns every other query as well. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return isDatabaseAway(error) || isRefusedForNow(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** How soon a query is tried again. A server that refuses is asked less and less often, up to the second of these. */
const retryMs = 200;
const mostRefusedRetryMs = 1_000;
/** How long at most between two tries of what fails for a reason of its own. */
const mostFaultRetryMs = 5_000;

/** Runs `query` again and again while the database is away or refuses for now; other failures are thrown. */
export async function untilDatabaseIsBack<Result>(query: () => Promise<Result>): Promise<Result> {
  return untilDone(query, (error) => {
    throw error;
  });
}

/**
 * Runs `write` until it succeeds, whatever it fails for: to be used where what is written is known here alone, and where giving up
 * would do something a second time. What fails for a reason of its own is tried less and less often; `onFault` is told each time.
 */
export async function untilRecorded<Result>(
  write: () => Promise<Result>,
  onFault: (error: unknown, tries: number) => void,
): Promise<Result> {
  return untilDone(write, onFault);
}

async function untilDone<Result>(
  query: () => Promise<Result>,
  onFault: (error: unknown, tries: number) => void,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await query();
    } catch (error) {
      if (!isDatabaseUnavailable(error)) onFault(error, tries);
      await setTimeout(Math.min(retryMs * 2 ** (tries - 1), mostWaitMs(error)));
    }
  }
}

function mostWaitMs(error: unknown): number {
  if (isDatabaseAway(error)) return retryMs;
  return isRefusedForNow(error) ? mostRefusedRetryMs : mostFaultRetryMs;
}
