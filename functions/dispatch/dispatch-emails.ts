// A round of dispatch over emails: take what is due, move it on, publish what is to be delivered.

import type { Log } from '../../lib/process/log.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import { inTransaction, type Query, type Sql } from '../../lib/store/database.ts';
import { type DueEmail, lockDueEmails } from '../../lib/store/emails/due.ts';
import { moveEmails } from '../../lib/store/emails/transition.ts';
import { type DuePolicy, dueStep } from './due-step.ts';

export interface DispatchDependencies {
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
 * A round that waited longer than this for its rows has waited for somebody's lock on the table, and so have workers that wanted to
 * renew their leases: what looks abandoned is left to a later round.
 */
const stalledMs = 1_500;
/** How much later: the workers record first what they delivered meanwhile. */
const afterStallMs = 5_000;
let leasesLeftUntil = Number.NEGATIVE_INFINITY;

/** One round. Any number may run at once: each locks its own rows. */
export async function runOnce({ sql, queue, policy, log }: DispatchDependencies): Promise<Round> {
  // Without the broker, moving rows on would only make them wait longer.
  await queue.check();

  const moves = await inTransaction(sql, async (transaction) => {
    const due = await lockDueSafely(transaction);
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

async function lockDueSafely(transaction: Query): Promise<DueEmail[]> {
  const askedAt = performance.now();
  const due = await lockDueEmails(transaction, roundLimit);
  const now = performance.now();
  if (now - askedAt > stalledMs) leasesLeftUntil = now + afterStallMs;
  return now < leasesLeftUntil ? due.filter(({ status }) => status !== 'sending') : due;
}

/** How soon the next round is to follow: after a full one at once. */
export async function pauseAfterRound(dependencies: DispatchDependencies, intervalMs: number): Promise<number> {
  const { due } = await runOnce(dependencies);
  return due === roundLimit ? 0 : intervalMs;
}
