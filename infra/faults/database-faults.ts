// PostgreSQL goes: killed and restarted, stopped, or with no connection left for us.
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../../lib/db.ts';
import type { DeliveryMode } from '../../lib/emails/email.ts';
import type { Fault, Stage } from './fault.ts';

/** The issue asks for at least so many emails where something is killed. */
const emails = 5_000;
/** How long the database is away, in ms: longer than a lease. */
const awayMs = 4_000;

async function endAndStart(how: 'kill' | 'stop', { full, services, load, say, untilAllWork }: Stage): Promise<void> {
  const times = full ? 3 : 1;
  for (let time = 1; time <= times; time++) {
    await load.until(time / (times + 2));
    await services.postgres.running[how]();
    say(`PostgreSQL is away (${how})`);
    await pause(awayMs);
    await services.postgres.start();
    say('PostgreSQL is back');
    await untilAllWork();
  }
}

/** Takes every connection there is, also those that functions had, and keeps them. */
async function takeAllConnections({ services, sql }: Stage): Promise<() => Promise<void>> {
  const [setting] = await sql<{ max: number }[]>`select current_setting('max_connections')::int as max`;
  const held = openDatabase(services.postgres.running.url, { connections: setting?.max ?? 0, name: 'hog' });
  const hold = async () => {
    // One after the other, until there is none left to be had.
    for (;;) {
      try {
        await held.reserve();
      } catch {
        return;
      }
    }
  };
  const left = () => sql<{ pid: number }[]>`
    select pid, pg_terminate_backend(pid) from pg_stat_activity
    where application_name in ('email-api token', 'email-api send', 'email-api consume', 'email-api relay', 'email-api history')`;
  do await hold();
  while ((await left()).length > 0);
  return () => held.end({ timeout: 0 });
}

const killed = (delivery: DeliveryMode): Pick<Fault, 'emails' | 'delivery' | 'make'> => ({
  emails,
  delivery,
  make: (stage) => endAndStart('kill', stage),
});

export const databaseFaults: readonly Fault[] = [
  { name: 'kill-postgres', says: 'kill -9 of PostgreSQL', short: true, ...killed('at_least_once') },
  { name: 'kill-postgres-at-most-once', says: 'kill -9 of PostgreSQL, at_most_once', ...killed('at_most_once') },
  { name: 'stop-postgres', says: 'PostgreSQL stopped', emails, make: (stage) => endAndStart('stop', stage) },
  {
    name: 'no-connections',
    says: 'PostgreSQL out of connections',
    async make(stage) {
      await stage.load.until(0.3);
      const giveBack = await takeAllConnections(stage);
      stage.say('every connection is taken');
      await pause(awayMs);
      await giveBack();
      stage.say('they are given back');
      await stage.untilAllWork();
    },
  },
];
