// The only file that opens PostgreSQL; it also tells its failures apart.
import { setTimeout } from 'node:timers/promises';
import postgres from 'postgres';
import type { Log } from '../process/log.ts';
import type { Metrics } from '../process/metrics.ts';
import { arrayTypes } from './array-types.ts';
import { readDatabaseAddress } from './database-tls.ts';
import { countStatements, describePool } from './pool.ts';
import { checkPooler, type Pooler } from './pooler.ts';

export type Sql = postgres.Sql;
/** What SQL functions take: a transaction or a plain `Sql`. */
export type Query = postgres.ISql;
/** A part of a query. */
export type Fragment = postgres.Fragment;

/**
 * A connection keeps the plans of its statements. A plan made while a table was small would scan the whole table, also after it has
 * grown: ten times slower after a minute of load on an empty database. So sequential scans and JIT are off: all our statements
 * have an index, and none is worth compiling.
 */
const planning = { enable_seqscan: 'off', jit: 'off' };

export interface DatabaseOptions {
  /** Most connections at once. */
  connections: number;
  /** Shows in `pg_stat_activity`. */
  name: string;
  /** The pooler between us and PostgreSQL, if any. */
  pooler?: Pooler | undefined;
  /** If given, an undeclared pooler is detected, and stops the process. */
  log?: Log;
  /** If given, they tell how many connections are in use, and what waits for one. */
  metrics?: Metrics;
}

/** Opens a pool of connections. Except to detect a pooler, nothing connects before the first query. */
export function openDatabase(url: string, { connections, name, pooler, log, metrics }: DatabaseOptions): Sql {
  const address = readDatabaseAddress(url);
  const sql = postgres(address.url, {
    max: connections,
    connect_timeout: 5,
    // Short, so that we soon use a database that is back.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 0.5),
    // Through a pooler, each statement is planned anew, for the table's present size.
    prepare: pooler === undefined,
    connection: { application_name: `email-api ${name}`, ...(pooler === undefined && planning) },
    onnotice: () => {},
    fetch_types: false,
    types: arrayTypes,
    ...(address.socket && { socket: address.socket, ssl: false }),
  });
  if (log) void checkPooler(sql, pooler, log);
  if (metrics === undefined) return sql;
  const counted = countStatements(sql);
  describePool(metrics, connections, counted.underWay);
  return counted.sql;
}

/**
 * Runs `work` in a transaction, which is rolled back when `work` rejects. Use it instead of the driver's own `begin`. That one also
 * sends the rollback after the connection is lost; on its next connection, each query then gets the answer of another.
 */
export async function inTransaction<Result>(sql: Sql, work: (transaction: Query) => Promise<Result>): Promise<Result> {
  let result: Result | undefined;
  await sql.begin(async (transaction) => {
    try {
      result = await work(transaction);
    } catch (error) {
      // Without a connection there is nothing to roll back. The driver itself rejects `begin`; this must not settle first.
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

/** SQLSTATEs of a server, or of a pooler in front of it, that is unavailable: 08 connection, 57P0 shutting down or starting. */
const awayStates = /^(08...|57P0.|53300)$/;

/** True when the database cannot be reached: the connection is refused or lost, or the server is going down or coming up. */
export function isDatabaseAway(error: unknown): boolean {
  return isConnectionLost(error) || awayStates.test(codeOf(error));
}

/** SQLSTATEs of a server that refuses any statement for now, and may accept the same one later. */
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

/** True when a query failed because of the state of the database, not because of the query: every other query would fail, too. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return isDatabaseAway(error) || isRefusedForNow(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Pause before a query is tried again. While the server refuses, the pause grows up to the second of these. */
const retryMs = 200;
const mostRefusedRetryMs = 1_000;
/** Longest pause between two tries of a query that fails for its own reason. */
const mostFaultRetryMs = 5_000;

/** Runs `query` again and again while the database is away or refuses for now; other failures are thrown. */
export async function untilDatabaseIsBack<Result>(query: () => Promise<Result>): Promise<Result> {
  return untilDone(query, (error) => {
    throw error;
  });
}

/** What is to be recorded, in three forms: those after the first are for a row that the first never fits. */
export interface Recording<Form> {
  full: Form;
  /** The same without what it only quotes. */
  plain: Form;
  /** An end, which says no more than that the outcome could not be recorded. */
  end: Form;
}

/** From this fault on, the plain form is tried after the full one. */
const plainAfterFaults = 3;

/**
 * Records until one form is stored, whatever the error. Use it when only this process knows what to record, and giving up would do
 * something a second time. The end is tried once faults of the writes themselves have gone on for `patienceMs`, not while the database
 * is away or refuses for now. The pause grows to 5 s; `onFault` is called after each round in vain. Resolves with the form that is stored.
 */
export async function untilRecorded<Form, Result>(
  { full, plain, end }: Recording<Form>,
  write: (form: Form) => Promise<Result>,
  { patienceMs, onFault }: { patienceMs: number; onFault: (error: unknown, faults: number) => void },
): Promise<{ form: Form; result: Result }> {
  let faults = 0;
  let firstAt = 0;
  const attempt = async () => {
    const forms = [full];
    if (faults >= plainAfterFaults) forms.push(plain);
    if (faults >= plainAfterFaults && performance.now() - firstAt >= patienceMs) forms.push(end);
    const errors: unknown[] = [];
    for (const form of forms) {
      try {
        return { form, result: await write(form) };
      } catch (error) {
        if (isDatabaseUnavailable(error)) throw error;
        errors.push(error);
      }
    }
    throw errors[0];
  };
  return untilDone(attempt, (error) => {
    if (faults === 0) firstAt = performance.now();
    faults += 1;
    onFault(error, faults);
  });
}

async function untilDone<Result>(query: () => Promise<Result>, onFault: (error: unknown) => void): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await query();
    } catch (error) {
      if (!isDatabaseUnavailable(error)) onFault(error);
      await setTimeout(Math.min(retryMs * 2 ** (tries - 1), mostWaitMs(error)));
    }
  }
}

function mostWaitMs(error: unknown): number {
  if (isDatabaseAway(error)) return retryMs;
  return isRefusedForNow(error) ? mostRefusedRetryMs : mostFaultRetryMs;
}
