// A round of dispatch over emails: take what is due, move it on, publish what is to be delivered.

import type { Log } from '../../lib/process/log.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import { inTransaction, isDatabaseUnavailable, type Query, type Sql } from '../../lib/store/database.ts';
import { type DueEmail, lockDueEmails } from '../../lib/store/emails/due.ts';
import { transitionEmails } from '../../lib/store/emails/transition-emails.ts';
import { type DuePolicy, dueStep } from './due-step.ts';
import type { Recovery } from './recovery.ts';

export interface DispatchDependencies {
  sql: Sql;
  queue: Queue;
  policy: DuePolicy;
  recovery: Recovery;
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

/** One round. Any number may run at once: each locks its own rows. */
export async function runOnce({ sql, queue, policy, recovery, log }: DispatchDependencies): Promise<Round> {
  // Without the broker, moving rows on would only make them wait longer.
  await queue.check();

  const transitions = await inTransaction(sql, async (transaction) => {
    const due = await lockDue(transaction, recovery);
    const decided = due.map((email) => ({ email, transition: dueStep(email, policy) }));
    await transitionEmails(
      transaction,
      decided.map(({ transition }) => transition),
    );
    return decided;
  }).catch((error) => {
    if (isDatabaseUnavailable(error)) recovery.failed();
    throw error;
  });

  // Only now: a worker that gets an id before the commit would find the row as it was, and drop the id.
  const queued = transitions.filter(({ transition }) => transition.to === 'queued');
  const published = await Promise.allSettled(
    queued.map(({ email: { id, lane, traceparent } }) => queue.publish(lane, id, traceparent)),
  );
  const round = { due: transitions.length, published: published.filter(({ status }) => status === 'fulfilled').length };
  if (round.due > 0) log.info('round', { ...round });
  return round;
}

async function lockDue(transaction: Query, recovery: Recovery): Promise<DueEmail[]> {
  const askedAt = performance.now();
  const due = await lockDueEmails(transaction, roundLimit, { leases: recovery.isOver() });
  recovery.succeeded(performance.now() - askedAt);
  // Also where it was this very statement that had to wait.
  return recovery.isOver() ? due : due.filter(({ status }) => status !== 'sending');
}

/** How soon the next round is to follow: after a full one at once. */
export async function pauseAfterRound(dependencies: DispatchDependencies, intervalMs: number): Promise<number> {
  const { due } = await runOnce(dependencies);
  return due === roundLimit ? 0 : intervalMs;
}
