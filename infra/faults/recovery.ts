// Measures how long each function takes to work again after an outage, without a restart.
import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from '../../lib/store/database.ts';
import type { Fleet } from './fleet.ts';
import type { Load } from './load.ts';

/** Promised time in ms on an idle machine. A longer time is reported, but is not a failure. */
export const worksAgainWithinMs = 10_000;
/** Longest wait: a function that does not work by then counts as broken. */
const giveUpMs = 180_000;
const tickMs = 50;

export interface RecoveryTime {
  ms: number;
  /** What did not do its work again. */
  never: string[];
}

/**
 * Resolves when token, send, consume, dispatch and history have each done their work once. For consume that is any delivery: a new
 * email waits behind all that were accepted during the outage.
 */
export async function untilAllWorkAgain(fleet: Fleet, load: Load, sql: Sql): Promise<RecoveryTime> {
  const begun = performance.now();
  const never: string[] = [];
  const until = async (what: string, works: () => Promise<boolean>) => {
    while (!(await works())) {
      if (performance.now() - begun > giveUpMs) {
        never.push(what);
        return;
      }
      await pause(tickMs);
    }
  };
  await Promise.all([
    until('token', async () => (await load.authorize()) !== undefined),
    until('dispatch', () => runsRound(fleet.urls.dispatch)),
    until('consume', () => hasDelivered(sql, performance.now() - begun)),
    (async () => {
      let id: string | undefined;
      await until('send', async () => {
        id = await load.sendOne();
        return id !== undefined;
      });
      await until('history', async () => id !== undefined && (await load.read(id)) !== undefined);
    })(),
  ]);
  return { ms: performance.now() - begun, never };
}

/** Whether an email was recorded as sent in the last `withinMs`, by the database's clock. */
function hasDelivered(sql: Sql, withinMs: number): Promise<boolean> {
  return sql`
    select from emails where status = 'sent' and finished_at > now() - ${withinMs} * interval '1 millisecond' limit 1`.then(
    ({ length }) => length > 0,
    () => false,
  );
}

function runsRound(dispatchUrl: string): Promise<boolean> {
  return fetch(dispatchUrl, { method: 'POST', signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
