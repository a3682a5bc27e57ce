// A pooler between us and PostgreSQL (PgBouncer and its like): what it cannot carry is not asked of it, and one that nobody told us of stops the start.
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../process/log.ts';

/**
 * In transaction mode, each transaction may go to another of the server's sessions: what a session keeps, as prepared statements and
 * settings, is not there for the next. Nothing else of ours needs a session: no LISTEN, no temporary tables, no session locks.
 */
export const poolers = ['transaction'] as const;
export type Pooler = (typeof poolers)[number];

/** Of the driver, what is needed here. */
interface Database {
  unsafe(query: string): PromiseLike<unknown>;
}

const advice =
  'DATABASE_URL leads to a pooler, as PgBouncer, and DATABASE_POOLER is not set: set DATABASE_POOLER=transaction, which serves in its session mode, too';

/** Between two tries, while the database is away. */
const retryMs = 1_000;

/** Stops the process where a pooler is found that nobody has told us of: emails would fail, and be sent twice. */
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

/** A pooler gives each client a number of its own for cancelling, where PostgreSQL gives the session's process. */
async function isPooled(sql: Database): Promise<boolean> {
  // Unprepared, so that the question leaves nothing behind.
  const rows = (await sql.unsafe('select pg_backend_pid() as pid')) as { pid: number }[] & { state: { pid: number } };
  return rows[0]?.pid !== rows.state.pid;
}

/** PgBouncer's words for a setting that a client asks for as it connects, and that it does not carry. */
function isParameterRefused(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message);
}

function isEnded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^CONNECTION_(ENDED|DESTROYED)$/.test(String(error.code));
}
