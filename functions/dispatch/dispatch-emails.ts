// A round of dispatch over emails: takes those that are due, changes their status, publishes the ids of those to deliver.

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

/** Most emails of one round, so that its transaction stays short. */
export const roundLimit = 500;

/** One round. Any number may run at once: each locks its own rows. */
export async function runOnce({ sql, queue, policy, recovery, log }: DispatchDependencies): Promise<Round> {
  // Without the broker, nothing can be published, and changed rows would only wait longer.
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

  // Publish after the commit: before it, a worker would find the row in its old status and drop the id.
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
  // Also checked after the lock: this statement itself may have had to wait.
  return recovery.isOver() ? due : due.filter(({ status }) => status !== 'sending');
}

/** Pause before the next round; none after a full one. */
export async function pauseAfterRound(dependencies: DispatchDependencies, intervalMs: number): Promise<number> {
  const { due } = await runOnce(dependencies);
  return due === roundLimit ? 0 : intervalMs;
}
