// The loop around the rounds of dispatch.
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../../lib/process/log.ts';
import { BrokerAwayError } from '../../lib/queue/queue.ts';

export interface Rounds {
  /** Resolves with the pause until the next one, in ms. */
  round: () => Promise<number>;
  /** Pause after a round that failed. */
  intervalMs: number;
  log: Log;
}

/** Rounds until `signal` aborts. Resolves after the last one. */
export async function run({ round, intervalMs, log }: Rounds, signal: AbortSignal): Promise<void> {
  let hasFailed = false;
  while (!signal.aborted) {
    let pauseMs = intervalMs;
    try {
      pauseMs = await round();
      hasFailed = false;
    } catch (error) {
      // Logged once for each outage. The connection itself logs that the broker is away.
      if (!hasFailed && !(error instanceof BrokerAwayError)) log.warn('round failed', { error });
      hasFailed = true;
    }
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
  }
}
