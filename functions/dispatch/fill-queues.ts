// Keeps a small window of ids on each lane's queue, filled from the emails that wait for a place: each client as many as any other.

import type { Log } from '../../lib/process/log.ts';
import { maxIds } from '../../lib/queue/grouped.ts';
import { BrokerAwayError, type Queue } from '../../lib/queue/queue.ts';
import type { Sql } from '../../lib/store/database.ts';
import type { Lane } from '../../lib/store/emails/email.ts';
import { areAnyUnclaimed, lanesWaiting, type Taken, takeWaiting } from '../../lib/store/emails/waiting.ts';

export interface FillDependencies {
  sql: Sql;
  queue: Queue;
  policy: { publishGraceMs: number };
  log: Log;
}

/** Where each lane's filling stands. */
export interface Filling {
  /** Ids that are to be on the queue: so many as workers take between two looks, found out by looking. */
  window: number;
  /** The client that was last given a place where not all had their turn. */
  after: string;
  filledAt: number;
  /** Given places last. */
  last: string[];
}

const leastWindow = 20;
const mostWindow = 800;
/** While emails wait, this often. */
const busyMs = 100;
/** While none do. */
const idleMs = 200;
/** A queue that others keep from ever being short holds up those who wait no longer than this. */
const patienceMs = 500;

const lanes = ['transactional', 'bulk'] as const;

export function beginFilling(): Record<Lane, Filling> {
  const begin = (): Filling => ({ window: leastWindow, after: '', filledAt: 0, last: [] });
  return { transactional: begin(), bulk: begin() };
}

/** One look at both lanes. Resolves with the pause until the next. */
export async function fillQueues(
  dependencies: FillDependencies,
  filling: Record<Lane, Filling>,
  intervalMs: number,
): Promise<number> {
  // Without the broker, places would only be lost.
  await dependencies.queue.check();
  const waiting = await lanesWaiting(dependencies.sql);
  const filled = await Promise.allSettled(waiting.map((lane) => fillLane(lane, filling[lane], dependencies)));
  // A queue that the broker refuses leaves the other lane as it is.
  for (const each of filled)
    if (each.status === 'rejected' && !(each.reason instanceof BrokerAwayError)) throw each.reason;
  return Math.min(waiting.length > 0 ? busyMs : idleMs, intervalMs);
}

/** Gives places to all that wait, up to `limit` a lane: for who has dispatch called on a schedule, and not often. Resolves with how many. */
export async function fillOnce(dependencies: FillDependencies, limit: number): Promise<number> {
  const placed = await Promise.all(lanes.map((lane) => place(lane, { limit, after: '' }, dependencies)));
  return placed.reduce((sum, { emails }) => sum + emails.length, 0);
}

async function fillLane(lane: Lane, filling: Filling, dependencies: FillDependencies): Promise<void> {
  const onQueue = (await dependencies.queue.depth(lane)) * maxIds;
  if (onQueue === 0) filling.window = Math.min(filling.window * 2, mostWindow);
  let limit = filling.window - onQueue;
  if (limit <= 0) {
    filling.window = Math.max(filling.window / 2, leastWindow);
    if (!(await isKeptOut(filling, dependencies))) return;
    limit = leastWindow;
  }
  let taken = await place(lane, { limit: Math.ceil(limit), after: filling.after }, dependencies);
  // Behind the last client comes the first.
  if (taken.emails.length === 0) taken = await place(lane, { limit: Math.ceil(limit), after: '' }, dependencies);
  filling.after = taken.after;
  filling.filledAt = performance.now();
  filling.last = taken.emails.map(({ id }) => id);
}

/** True when the queue is long by what others put there: of ours nothing is left on it. */
async function isKeptOut({ filledAt, last }: Filling, { sql }: FillDependencies): Promise<boolean> {
  if (performance.now() - filledAt < patienceMs) return false;
  return last.length === 0 || !(await areAnyUnclaimed(sql, last));
}

async function place(
  lane: Lane,
  { limit, after }: { limit: number; after: string },
  { sql, queue, policy, log }: FillDependencies,
): Promise<Taken> {
  const taken = await takeWaiting(sql, lane, { limit, after, graceMs: policy.publishGraceMs });
  const published = await Promise.allSettled(
    taken.emails.map(({ id, client_id, traceparent }) => queue.publish(lane, id, traceparent, client_id)),
  );
  const lost = published.filter(({ status }) => status === 'rejected').length;
  if (lost > 0) log.warn('ids not published; they are due again later', { lane, emails: lost });
  return taken;
}
