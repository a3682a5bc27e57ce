// Whose ids go on the queue at once, and whose wait for dispatch to give them a place: while a lane's queue is long, a client with many waits.

import type { Lane } from '../../lib/store/emails/email.ts';

export interface QueueShare {
  /** Takes a place for one id of this client on the lane's queue. False: its email is to be stored as one that waits for a place. */
  take(lane: Lane, client: string): boolean;
  /** Once for each place: its id is on the queue now, or never will be. */
  settle(lane: Lane): void;
}

export interface QueueShareOptions {
  /** Messages on a lane's queue. */
  depth: (lane: Lane) => Promise<number>;
  /** Ids of a full message. */
  idsPerMessage: number;
  now?: () => number;
  /** Runs it once, after so many ms. */
  later?: (run: () => void, ms: number) => void;
}

/**
 * Ids on a queue that is short. Few at first, so that whoever comes first is little ahead of the others; as soon as it is known how
 * fast workers take them, what they take in `holdMs`, which is how long another client's email may wait behind them.
 */
export const leastShort = 100;
export const mostShort = 2_000;
const holdMs = 500;
/**
 * Ids that each client may put on a long queue within `shareMs`: nobody with a single email ever waits for dispatch. Who has more waits,
 * from then on with all that comes: so many in each second of a long hand-in would make a long queue again.
 */
export const share = 20;
const shareMs = 1_000;
/** Between two looks at a queue, and where much was put there since the last. */
const lookMs = 100;
const lookSoonMs = 20;
/** After so long with an empty queue nothing is left of a backlog; nor is anything known after so long without a look. */
const calmMs = 1_000;

interface State {
  /** Ids that are short at present. */
  short: number;
  /** Ids at the last look, as if all messages were full. */
  depth: number;
  /** Ids that took a place since. */
  since: number;
  /** Those of them that are there, or never will be: a look can tell nothing of the others. */
  settled: number;
  lookedAt: number;
  isLooking: boolean;
  /** The next look is fixed. */
  willLook: boolean;
  /** When the queue was last seen to hold anything. */
  busyAt: number;
  /** When something was last known to have been put there. */
  putAt: number;
  /** Ids of each client since `sharedAt`. */
  taken: Map<string, number>;
  sharedAt: number;
  /** Clients whose emails wait, and go on to wait, as those they handed in before are to go first. */
  waiting: Set<string>;
}

export function createQueueShare({
  depth,
  idsPerMessage,
  now = () => performance.now(),
  later = (run, ms) => void setTimeout(run, ms).unref(),
}: QueueShareOptions): QueueShare {
  const states: Record<Lane, State> = { transactional: begin(), bulk: begin() };

  function begin(): State {
    const long = Number.NEGATIVE_INFINITY;
    return {
      ...{
        short: leastShort,
        depth: 0,
        since: 0,
        settled: 0,
        lookedAt: long,
        isLooking: false,
        willLook: false,
        busyAt: long,
        putAt: long,
      },
      ...{ taken: new Map(), sharedAt: long, waiting: new Set() },
    };
  }

  /** Nobody waits for it. Once there was something on the queue, it is looked at until that is long over. */
  async function look(lane: Lane, state: State, isEarly = false): Promise<void> {
    if (state.isLooking || (state.willLook && !isEarly)) return;
    state.isLooking = true;
    const before = state.settled;
    // Where it fails, what was seen before stands until it is too old.
    const seen = await depth(lane).catch(() => undefined);
    state.isLooking = false;
    const time = now();
    if (seen !== undefined) {
      const now = seen * idsPerMessage;
      state.short = nextShort(state, { put: before, now, ms: time - state.lookedAt });
      state.depth = now;
      // What was put there while we asked may be in the answer or not.
      state.since -= before;
      state.settled -= before;
      state.lookedAt = time;
    }
    if (seen !== undefined && seen > 0) state.busyAt = time;
    if (before > 0) state.putAt = time;
    const isCalm = state.since === 0 && time - state.busyAt > calmMs;
    if (isCalm) state.waiting.clear();
    if (isCalm && time - state.putAt > calmMs) {
      state.short = leastShort;
      return;
    }
    if (state.willLook) return;
    state.willLook = true;
    later(() => {
      state.willLook = false;
      void look(lane, state);
    }, lookMs);
  }

  return {
    take(lane, client) {
      const state = states[lane];
      const time = now();
      if (time - state.lookedAt > calmMs && !state.isLooking) {
        state.short = leastShort;
        state.depth = 0;
        // What has yet to be settled stays.
        state.since -= state.settled;
        state.settled = 0;
        state.waiting.clear();
      }
      if (time - state.sharedAt > shareMs) {
        state.taken.clear();
        state.sharedAt = time;
      }
      const isFilling = state.since > state.short / 2 && time - state.lookedAt > lookSoonMs;
      if (time - state.lookedAt > lookMs || isFilling) void look(lane, state, isFilling);
      if (state.waiting.has(client)) return false;
      const taken = state.taken.get(client) ?? 0;
      const isShort = state.depth + state.since < state.short;
      if (taken >= share && !isShort) {
        state.waiting.add(client);
        return false;
      }
      state.taken.set(client, taken + 1);
      state.since += 1;
      return true;
    },
    settle(lane) {
      states[lane].settled += 1;
    },
  };
}

/** What is short from now on, by what became of the `put` ids since the last look. */
function nextShort(
  { short, depth, waiting }: State,
  { put, now, ms }: { put: number; now: number; ms: number },
): number {
  // Workers may be as fast as we are, or faster: nobody knows before the queue grows.
  if (now === 0) return put > short / 4 ? Math.min(short * 2, mostShort) : short;
  // What dispatch puts there meanwhile is not known here. Nor is how fast workers are that had nothing to do.
  if (depth === 0 || waiting.size > 0) return short;
  const taken = (depth + put - now) / ms;
  const aim = Math.min(Math.max(taken * holdMs, leastShort), mostShort);
  return short + (aim - short) / 4;
}
