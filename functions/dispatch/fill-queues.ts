// Keeps a small window of ids on each lane's queue, filled from the emails that wait for a place: each client as many as any other.

import type { Log } from '../../lib/process/log.ts';
import { maxIds } from '../../lib/queue/grouped.ts';
import { BrokerAwayError, type Queue } from '../../lib/queue/queue.ts';
import type { Sql } from '../../lib/store/database.ts';
import type { Lane } from '../../lib/store/emails/email.ts';
import {
  areAnyUnclaimed,
  lanesWaiting,
  newTurn,
  type Taken,
  type Turn,
  takeWaiting,
} from '../../lib/store/emails/waiting.ts';

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
  /** Whose turn it is where not all had theirs. */
  turn: Turn;
  filledAt: number;
  /** Given places last. */
  last: string[];
}

const leastWindow = 20;
/** Of a window of which more than half is left at the next look. */
const shrinking = 0.75;
const mostWindow = 400;
/** While emails wait, this often; more often where workers take all that a window holds. */
const busyMs = 100;
const hurriedMs = 50;
/** While none do. */
const idleMs = 200;
/** A queue that others keep from ever being short holds up those who wait no longer than this. */
const patienceMs = 500;

const lanes = ['transactional', 'bulk'] as const;

export function beginFilling(): Record<Lane, Filling> {
  const begin = (): Filling => ({ window: leastWindow, turn: newTurn, filledAt: 0, last: [] });
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
  if (waiting.length === 0) return Math.min(idleMs, intervalMs);
  return Math.min(waiting.some((lane) => filling[lane].window === mostWindow) ? hurriedMs : busyMs, intervalMs);
}

/** Gives places to all that wait, up to `limit` a lane: for who has dispatch called on a schedule, and not often. Resolves with how many. */
export async function fillOnce(dependencies: FillDependencies, limit: number): Promise<number> {
  const placed = await Promise.all(lanes.map((lane) => place(lane, { limit, turn: newTurn }, dependencies)));
  return placed.reduce((sum, { emails }) => sum + emails.length, 0);
}

async function fillLane(lane: Lane, filling: Filling, dependencies: FillDependencies): Promise<void> {
  const onQueue = (await dependencies.queue.depth(lane)) * maxIds;
  if (onQueue === 0) filling.window = Math.min(filling.window * 2, mostWindow);
  // A worker that has just begun takes many at once, and then fewer.
  else if (onQueue > filling.window / 2) filling.window = Math.max(filling.window * shrinking, leastWindow);
  let limit = filling.window - onQueue;
  if (limit <= 0) {
    if (!(await isKeptOut(filling, dependencies))) return;
    limit = leastWindow;
  }
  filling.last = [];
  // What is left of a turn comes before a new one.
  for (const isNew of filling.turn === newTurn ? [true] : [false, true]) {
    const left = Math.ceil(limit) - filling.last.length;
    if (left <= 0) break;
    const taken = await place(lane, { limit: left, turn: isNew ? newTurn : filling.turn }, dependencies);
    filling.turn = taken.turn;
    filling.last.push(...taken.emails.map(({ id }) => id));
    // Where it is not at its end yet, it goes on with the next look.
    if (filling.turn !== newTurn) break;
  }
  filling.filledAt = performance.now();
}

/** True when the queue is long by what others put there: of ours nothing is left on it. */
async function isKeptOut({ filledAt, last }: Filling, { sql }: FillDependencies): Promise<boolean> {
  if (performance.now() - filledAt < patienceMs) return false;
  return last.length === 0 || !(await areAnyUnclaimed(sql, last));
}

async function place(
  lane: Lane,
  { limit, turn }: { limit: number; turn: Turn },
  { sql, queue, policy, log }: FillDependencies,
): Promise<Taken> {
  const taken = await takeWaiting(sql, lane, { limit, turn, graceMs: policy.publishGraceMs });
  const published = await Promise.allSettled(
    taken.emails.map(({ id, client_id, traceparent }) => queue.publish(lane, id, traceparent, client_id)),
  );
  const lost = published.filter(({ status }) => status === 'rejected').length;
  if (lost > 0) log.warn('ids not published; they are due again later', { lane, emails: lost });
  return taken;
}
