// The loop around the rounds of dispatch.
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../../lib/process/log.ts';
import { BrokerAwayError } from '../../lib/queue/queue.ts';
import { isDatabaseUnavailable, type Sql } from '../../lib/store/database.ts';
import { checkLocking } from '../../lib/store/emails/due.ts';

export interface Rounds {
  /** Resolves with the pause until the next one, in ms. */
  round: () => Promise<number>;
  /** Pause after a round that failed. */
  intervalMs: number;
  sql: Sql;
  log: Log;
}

/**
 * How long the database must be back before the next round. In this time the workers that are alive record what they delivered
 * meanwhile, and renew their leases; taking those that expired at once would deliver their emails twice.
 */
const databasePauseMs = 5_000;
/** How often it is asked in this time: one that goes again has not been back. */
const askEveryMs = 250;

/** Rounds until `signal` aborts. Resolves after the last one. */
export async function run({ round, intervalMs, sql, log }: Rounds, signal: AbortSignal): Promise<void> {
  let wasUnavailable = false;
  let backSince: number | undefined;
  while (!signal.aborted) {
    let pauseMs = intervalMs;
    try {
      if (wasUnavailable) {
        pauseMs = askEveryMs;
        await checkLocking(sql);
        backSince ??= performance.now();
        if (performance.now() - backSince >= databasePauseMs) {
          wasUnavailable = false;
          pauseMs = 0;
        }
      } else {
        pauseMs = await round();
      }
    } catch (error) {
      // That the broker is away has been said where it was noticed; that the database is, with the first round that failed.
      if (!wasUnavailable && !(error instanceof BrokerAwayError)) log.warn('round failed', { error });
      wasUnavailable ||= isDatabaseUnavailable(error);
      backSince = undefined;
    }
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
  }
}
