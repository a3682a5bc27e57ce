// Waiting as long as something happens: what a slow machine does late is not called lost.
import { setTimeout as pause } from 'node:timers/promises';

/** So long without any change, nothing comes any more: longer than every lease, grace and retry that is set here. */
const stuckAfterMs = 120_000;
const tickMs = 200;

/** Resolves with 0 when nothing is left, or with what is left when it has not become less for too long. */
export async function untilNoneLeft(left: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let changedAt = performance.now();
  for (;;) {
    const now = await left();
    if (now < least) {
      least = now;
      changedAt = performance.now();
    }
    if (now === 0 || performance.now() - changedAt > stuckAfterMs) return now;
    await pause(tickMs);
  }
}
