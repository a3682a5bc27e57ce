// After an outage: how long it takes until each function does its work again, without having been restarted.
import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from '../../lib/store/database.ts';
import type { Fleet } from './fleet.ts';
import type { Load } from './load.ts';

/** What the project promises, in ms. */
export const worksAgainWithinMs = 10_000;
/** Beyond this nobody waits any longer. */
const giveUpMs = 60_000;
const tickMs = 50;

/**
 * Resolves with the time in ms after which token, send, consume, dispatch and history had each done their work once. For consume
 * that is any delivery: a new email waits behind all that were accepted during the outage.
 */
export async function timeUntilAllWork(fleet: Fleet, load: Load, sql: Sql): Promise<number> {
  const begun = performance.now();
  const until = async (works: () => Promise<boolean>) => {
    while (!(await works())) {
      if (performance.now() - begun > giveUpMs) return;
      await pause(tickMs);
    }
  };
  await Promise.all([
    until(async () => (await load.authorize()) !== undefined),
    until(() => runsRound(fleet.urls.dispatch)),
    until(() => hasDelivered(sql, performance.now() - begun)),
    (async () => {
      let id: string | undefined;
      await until(async () => {
        id = await load.sendOne();
        return id !== undefined;
      });
      await until(async () => id !== undefined && (await load.read(id)) !== undefined);
    })(),
  ]);
  return performance.now() - begun;
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
