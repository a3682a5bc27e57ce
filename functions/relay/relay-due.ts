// The rounds of relay: take what is due, move it on, publish what is to be delivered.
import { setTimeout } from 'node:timers/promises';
import { inTransaction, isDatabaseAway, type Sql } from '../../lib/db.ts';
import { lockDueEmails } from '../../lib/emails/due.ts';
import { moveEmails } from '../../lib/emails/move.ts';
import type { Log } from '../../lib/log.ts';
import { BrokerAwayError, type Queue } from '../../lib/queue/queue.ts';
import { type DuePolicy, dueStep } from './due-step.ts';

export interface RelayDependencies {
  sql: Sql;
  queue: Queue;
  policy: DuePolicy;
  log: Log;
}

export interface Round {
  /** Emails whose `due_at` had passed. */
  due: number;
  /** Ids that the broker confirmed. */
  published: number;
}

/** Most emails of one round: few enough that its transaction stays short. */
export const roundLimit = 500;
/**
 * How long the database must be back before the next round. In this time the workers that are alive record what they delivered
 * meanwhile, and renew their leases; taking those that expired at once would deliver their emails twice.
 */
const databasePauseMs = 5_000;

/** One round. Any number may run at once: each locks its own rows. */
export async function runOnce({ sql, queue, policy, log }: RelayDependencies): Promise<Round> {
  // Without the broker, moving rows on would only make them wait longer.
  await queue.check();

  const moves = await inTransaction(sql, async (transaction) => {
    const due = await lockDueEmails(transaction, roundLimit);
    const decided = due.map((email) => ({ email, move: dueStep(email, policy) }));
    await moveEmails(
      transaction,
      decided.map(({ move }) => move),
    );
    return decided;
  });

  // Only now: a worker that gets an id before the commit would find the row as it was, and drop the id.
  const queued = moves.filter(({ move }) => move.to === 'queued');
  const published = await Promise.allSettled(
    queued.map(({ email: { id, lane, traceparent } }) => queue.publish(lane, id, traceparent)),
  );
  const round = { due: moves.length, published: published.filter(({ status }) => status === 'fulfilled').length };
  if (round.due > 0) log.info('round', { ...round });
  return round;
}

/** Rounds until `signal` aborts; a full round is followed by the next at once. Resolves after the last one. */
export async function run(dependencies: RelayDependencies, intervalMs: number, signal: AbortSignal): Promise<void> {
  let databaseWasAway = false;
  while (!signal.aborted) {
    let pauseMs = intervalMs;
    try {
      if (databaseWasAway) {
        await dependencies.sql`select 1`;
        databaseWasAway = false;
        pauseMs = databasePauseMs;
      } else {
        const { due } = await runOnce(dependencies);
        if (due === roundLimit) pauseMs = 0;
      }
    } catch (error) {
      // That the broker is away has been said where it was noticed.
      if (!(error instanceof BrokerAwayError)) dependencies.log.warn('round failed', { error });
      databaseWasAway ||= isDatabaseAway(error);
    }
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
  }
}
