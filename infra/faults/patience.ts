// Waits as long as there is progress, so that an email that is late on a slow machine does not count as lost.
import { setTimeout as pause } from 'node:timers/promises';

/** After this long without a change, nothing more will come: it is longer than every lease, grace and retry set here. */
const stuckAfterMs = 120_000;
const tickMs = 200;

export interface Clock {
  now(): number;
  pause(ms: number): Promise<unknown>;
}

/** Resolves with 0 when nothing is left, or with the number left when it has not fallen for too long. */
export async function untilNoneLeft(
  left: () => Promise<number>,
  clock: Clock = { now: () => performance.now(), pause },
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let changedAt = clock.now();
  for (;;) {
    const now = await left();
    if (now < least) {
      least = now;
      changedAt = clock.now();
    }
    if (now === 0 || clock.now() - changedAt > stuckAfterMs) return now;
    await clock.pause(tickMs);
  }
}
