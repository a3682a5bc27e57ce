// A round of dispatch over emails: takes those that are due, changes their status, publishes the ids of those to deliver.

import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../lib/process/log.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import { inTransaction, isDatabaseUnavailable, type Query, type Sql } from '../../lib/store/database.ts';
import { type DueEmail, lockDueByClient, lockDueEmails, touchEndedLease } from '../../lib/store/emails/due.ts';
import { type Transition, transitionEmails } from '../../lib/store/emails/transition-emails.ts';
import { lookAtWaitingMs } from '../../lib/store/emails/waiting.ts';
import { type DuePolicy, dueStep } from './due-step.ts';
import { provingPauseMs, type Recovery } from './recovery.ts';

export interface DispatchDependencies {
  sql: Sql;
  queue: Queue;
  policy: DuePolicy;
  recovery: { emails: Recovery };
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
/** Where there are more, so many of each client come with them, lest they be found only after all of another's. */
const ofEachClient = { perClient: 25, clients: 200 };
/** Emails of a client that one round puts on a lane's queue; where there are more, they all wait for places there. */
const share = 20;

interface Decided {
  email: DueEmail;
  transition: Transition<'dispatch'>;
}

/** One round. Any number may run at once: each locks its own rows. */
export async function runOnce({ sql, queue, policy, recovery, log }: DispatchDependencies): Promise<Round> {
  // Without the broker, nothing can be published, and changed rows would only wait longer.
  await queue.check();

  const transitions = await changeDue(sql, policy, recovery.emails).catch((error) => {
    if (isDatabaseUnavailable(error)) recovery.emails.failed();
    throw error;
  });

  // Only now: a worker that gets an id before the commit would find the row as it was, and drop the id.
  const queued = transitions.filter(({ transition }) => transition.to === 'queued' && !transition.waits);
  const published = await Promise.allSettled(
    queued.map(({ email: { id, lane, traceparent, client_id } }) => queue.publish(lane, id, traceparent, client_id)),
  );
  const round = { due: transitions.length, published: published.filter(({ status }) => status === 'fulfilled').length };
  if (round.due > 0) log.info('round', { ...round });
  return round;
}

async function changeDue(sql: Sql, policy: DuePolicy, recovery: Recovery): Promise<Decided[]> {
  // By itself, before the round's transaction: a write is proven once it is committed.
  const endedForMs = await recovery.prove(() => touchEndedLease(sql, roundLimit));
  return inTransaction(sql, async (transaction) => {
    const due = await lockDue(transaction, recovery, endedForMs);
    const isFull = due.length === roundLimit;
    if (isFull) due.push(...(await lockOthers(transaction, due)));
    const decided = shareOut(
      due.map((email) => ({ email, transition: dueStep(email, policy) })),
      isFull,
    );
    await transitionEmails(
      transaction,
      decided.map(({ transition }) => transition),
    );
    return decided;
  });
}

async function lockDue(transaction: Query, recovery: Recovery, endedForMs?: number): Promise<DueEmail[]> {
  const askedAt = performance.now();
  const due = await lockDueEmails(transaction, roundLimit, endedForMs);
  recovery.locked(performance.now() - askedAt);
  // Also checked after the lock: this statement itself may have had to wait.
  return recovery.endedForMs() !== undefined ? due : due.filter(({ status }) => status !== 'sending');
}

/** Of each client some that are due, besides those of the round. Where clients are too many for one round, each begins at another of them. */
async function lockOthers(transaction: Query, due: DueEmail[]): Promise<DueEmail[]> {
  const locked = new Set(due.map(({ id }) => id));
  const { emails, after } = await lockDueByClient(transaction, { ...ofEachClient, after: nextClients.after });
  nextClients.after = after;
  return emails.filter(({ id }) => !locked.has(id));
}
const nextClients = { after: '' };

/**
 * Those that are more than their client's share wait for places on the queue. A lost publish has had its place, and is published as
 * ever, unless so many were lost that they fill the round.
 */
function shareOut(decided: Decided[], isFull: boolean): Decided[] {
  const counts = new Map<string, number>();
  const keyOf = ({ client_id, lane }: DueEmail) => `${lane} ${client_id}`;
  const toQueue = decided.filter(({ transition }) => transition.to === 'queued');
  for (const { email } of toQueue) counts.set(keyOf(email), (counts.get(keyOf(email)) ?? 0) + 1);
  return decided.map(({ email, transition }) => {
    const isOver = transition.to === 'queued' && (counts.get(keyOf(email)) ?? 0) > share;
    const hadPlace = email.status === 'queued' && email.queued_for_ms !== null;
    const waits = isOver && (isFull || !hadPlace);
    return waits ? { email, transition: { ...transition, waits, due_in_ms: lookAtWaitingMs } } : { email, transition };
  });
}

/** How soon the next round is to follow: after a full one at once, and soon where ended leases wait for one. */
export async function pauseAfterRound(dependencies: DispatchDependencies, intervalMs: number): Promise<number> {
  const { due } = await runOnce(dependencies);
  if (due >= roundLimit) return 0;
  return dependencies.recovery.emails.isProving() ? Math.min(provingPauseMs, intervalMs) : intervalMs;
}

/** Rounds until none has to wait with ended leases, or there were very many: for who has dispatch called on a schedule, and not often. */
export async function runUntilProven(dependencies: DispatchDependencies): Promise<Round> {
  const all = await runOnce(dependencies);
  for (let rounds = 1; rounds < mostRounds && dependencies.recovery.emails.isProving(); rounds += 1) {
    await pause(provingPauseMs);
    const { due, published } = await runOnce(dependencies);
    all.due += due;
    all.published += published;
  }
  return all;
}
/** After an outage, it takes 5 s. */
const mostRounds = 30;
