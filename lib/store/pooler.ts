// Support for a pooler between us and PostgreSQL (such as PgBouncer), and the check that stops the start when one is not declared.
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../process/log.ts';

/**
 * In transaction mode, each transaction may go to another session of the server, so prepared statements and settings of a session are
 * not there for the next one. We need nothing else from a session: no LISTEN, no temporary tables, no session locks.
 */
export const poolers = ['transaction'] as const;
export type Pooler = (typeof poolers)[number];

/** The part of the driver that is used here. */
interface Database {
  unsafe(query: string): PromiseLike<unknown>;
}

const advice =
  'DATABASE_URL leads to a pooler, as PgBouncer, and DATABASE_POOLER is not set: set DATABASE_POOLER=transaction, which serves in its session mode, too';

/** Pause between two tries while the database is away. */
const retryMs = 1_000;

/** Stops the process when it finds a pooler that DATABASE_POOLER does not declare: emails would fail, and be sent twice. */
export async function checkPooler(sql: Database, pooler: Pooler | undefined, log: Log): Promise<void> {
  for (;;) {
    try {
      const found = await isPooled(sql);
      if (found && pooler === undefined) break;
      if (!found && pooler !== undefined)
        log.warn('DATABASE_POOLER is set, and DATABASE_URL leads to PostgreSQL itself: works, but costs time');
      return;
    } catch (error) {
      if (isParameterRefused(error)) break;
      if (isEnded(error)) return;
      await setTimeout(retryMs, undefined, { ref: false });
    }
  }
  log.error(advice);
  process.exit(1);
}

/** For cancelling, a pooler gives each client a number of its own; PostgreSQL gives the process id of the session. */
async function isPooled(sql: Database): Promise<boolean> {
  // Unprepared, so that the question leaves nothing behind.
  const rows = (await sql.unsafe('select pg_backend_pid() as pid')) as { pid: number }[] & { state: { pid: number } };
  return rows[0]?.pid !== rows.state.pid;
}

/** PgBouncer's message for a setting at connect that it does not support. */
function isParameterRefused(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message);
}

function isEnded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^CONNECTION_(ENDED|DESTROYED)$/.test(String(error.code));
}
