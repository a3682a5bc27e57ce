// A number of bytes that the clients of a process share: who wants more than its part waits, and only he does.
import { ApiError } from './errors.ts';

/** A part of a budget that somebody holds. */
export interface Claim {
  /** Takes more, or gives back what is too much. Resolves when it is there; throws when the wait is too long. */
  resize(bytes: number): Promise<void> | undefined;
  /** For what is there already, whether or not there is room for it: others wait the longer. */
  set(bytes: number): void;
  release(): void;
}

export interface ByteBudget {
  /** A claim of no bytes yet. `holder` is a client, or the network of a caller who showed no token. */
  claim(holder: string): Claim;
  readonly used: number;
}

interface Waiter {
  holder: string;
  more: number;
  go(): void;
}

export interface BudgetOptions {
  bytes: number;
  /** How long anybody waits, in ms. */
  waitMs?: number;
  /** How many requests of one holder wait at once: each keeps a connection and what has arrived on it. */
  mostWaiting?: number;
}

/** Shorter than a gateway or a client waits for an answer. */
const usualWaitMs = 20_000;
const usualMostWaiting = 100;

/**
 * A holder may have the budget divided by the number of holders and one more: alone it has half, so that the next one finds room at
 * once. Whoever holds nothing gets what is asked for as soon as it fits, however large it is; who holds least is the first to get it.
 */
export function createByteBudget({
  bytes,
  waitMs = usualWaitMs,
  mostWaiting = usualMostWaiting,
}: BudgetOptions): ByteBudget {
  const held = new Map<string, number>();
  const waiting: Waiter[] = [];
  let used = 0;

  const heldBy = (holder: string) => held.get(holder) ?? 0;

  function isOverShare(holder: string, more: number): boolean {
    const own = heldBy(holder);
    if (own === 0) return false;
    const holders = new Set(waiting.map((waiter) => waiter.holder)).add(holder);
    for (const name of held.keys()) holders.add(name);
    return own + more > bytes / (holders.size + 1);
  }

  const fits = (holder: string, more: number) => used + more <= bytes && !isOverShare(holder, more);

  function add(holder: string, more: number): void {
    used += more;
    const own = heldBy(holder) + more;
    if (own > 0) held.set(holder, own);
    else held.delete(holder);
  }

  function giveOut(): void {
    if (waiting.length === 0) return;
    for (const waiter of waiting.toSorted((one, other) => heldBy(one.holder) - heldBy(other.holder))) {
      if (!fits(waiter.holder, waiter.more)) continue;
      waiting.splice(waiting.indexOf(waiter), 1);
      add(waiter.holder, waiter.more);
      waiter.go();
    }
  }

  function wait(holder: string, more: number): Promise<void> {
    if (waiting.filter((waiter) => waiter.holder === holder).length >= mostWaiting) throw refused(true);
    return new Promise((resolve, reject) => {
      const waiter = { holder, more, go };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(refused(isOverShare(holder, more)));
      }, waitMs);
      function go() {
        clearTimeout(timer);
        resolve();
      }
      waiting.push(waiter);
    });
  }

  return {
    get used() {
      return used;
    },
    claim(holder) {
      let mine = 0;
      let isReleased = false;
      return {
        resize(wanted) {
          // More than there is passes alone.
          const more = Math.min(wanted, bytes) - mine;
          if (isReleased || more === 0) return undefined;
          if (more < 0 || fits(holder, more)) {
            add(holder, more);
            mine += more;
            if (more < 0) giveOut();
            return undefined;
          }
          return wait(holder, more).then(() => {
            mine += more;
            // It was given up while it waited.
            if (isReleased) giveBack();
          });
        },
        set(wanted) {
          if (isReleased) return;
          add(holder, wanted - mine);
          const isLess = wanted < mine;
          mine = wanted;
          if (isLess) giveOut();
        },
        release() {
          isReleased = true;
          giveBack();
        },
      };
      function giveBack() {
        if (mine === 0) return;
        add(holder, -mine);
        mine = 0;
        giveOut();
      }
    },
  };
}

const retryAfter = { 'retry-after': '5' };

function refused(isOwnFault: boolean): ApiError {
  return isOwnFault
    ? new ApiError('rate_limit_exceeded', 'You have too many large requests under way at once. Try again in 5 s.', {
        headers: retryAfter,
      })
    : new ApiError('unavailable', 'Too many large requests are under way. Try again in 5 s.', { headers: retryAfter });
}
