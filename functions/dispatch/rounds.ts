// The loop around the rounds of dispatch.
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../../lib/process/log.ts';
import { BrokerAwayError } from '../../lib/queue/queue.ts';
import { isDatabaseAway, type Sql } from '../../lib/store/database.ts';

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

/** Rounds until `signal` aborts. Resolves after the last one. */
export async function run({ round, intervalMs, sql, log }: Rounds, signal: AbortSignal): Promise<void> {
  let databaseWasAway = false;
  while (!signal.aborted) {
    let pauseMs = intervalMs;
    try {
      if (databaseWasAway) {
        await sql`select 1`;
        databaseWasAway = false;
        pauseMs = databasePauseMs;
      } else {
        pauseMs = await round();
      }
    } catch (error) {
      // That the broker is away has been said where it was noticed.
      if (!(error instanceof BrokerAwayError)) log.warn('round failed', { error });
      databaseWasAway ||= isDatabaseAway(error);
    }
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
  }
}
