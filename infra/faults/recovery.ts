// After an outage: how long it takes until each function does its work again, without having been restarted.
import { setTimeout as pause } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Load } from './load.ts';

/** What the project promises, in ms. */
export const worksAgainWithinMs = 10_000;
/** Beyond this nobody waits any longer. */
const giveUpMs = 60_000;
const tickMs = 50;

/** Resolves with the time in ms after which token, send, consume, relay and history had each done their work once. */
export async function timeUntilAllWork(fleet: Fleet, load: Load): Promise<number> {
  const begun = performance.now();
  const until = async (works: () => Promise<boolean>) => {
    while (!(await works())) {
      if (performance.now() - begun > giveUpMs) return;
      await pause(tickMs);
    }
  };
  await Promise.all([
    until(async () => (await load.authorize()) !== undefined),
    until(() => runsRound(fleet.urls.relay)),
    // Accepted by send, delivered by consume, told by history.
    (async () => {
      let id: string | undefined;
      await until(async () => {
        id = await load.sendOne();
        return id !== undefined;
      });
      await until(async () => id !== undefined && (await load.read(id))?.status === 'sent');
    })(),
  ]);
  return performance.now() - begun;
}

function runsRound(relayUrl: string): Promise<boolean> {
  return fetch(relayUrl, { method: 'POST', signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
