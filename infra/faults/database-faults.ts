// PostgreSQL goes: killed and restarted, stopped, or with no connection left for us.
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import type { DeliveryMode } from '../../lib/store/emails/email.ts';
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
  const held: Sql[] = [];
  const takeOne = async () => {
    const one = openDatabase(services.postgres.running.url, { connections: 1, name: 'hog' });
    held.push(one);
    await one`select 1`;
  };
  const takeUntilNoneIsLeft = async () => {
    for (;;) {
      try {
        await takeOne();
      } catch {
        return;
      }
    }
  };
  const cutOff = () => sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name like 'email-api %' and application_name not in ('email-api hog', 'email-api harness')`;
  const giveBack = async () => void (await Promise.all(held.map((one) => one.end({ timeout: 0 }))));
  try {
    do await takeUntilNoneIsLeft();
    while ((await cutOff()).length > 0);
  } catch (error) {
    await giveBack();
    throw error;
  }
  return giveBack;
}

/** Made for all sessions, also those that are open, until the returned function is called. */
async function setForAll(sql: Sql, name: string, value: string): Promise<() => Promise<void>> {
  await sql.unsafe(`alter system set ${name} = '${value}'`);
  await sql`select pg_reload_conf()`;
  return async () => {
    await sql.unsafe(`alter system reset ${name}`);
    await sql`select pg_reload_conf()`;
  };
}

/** It answers, and takes no change: as a primary that has become a standby. */
async function becomeReadOnly({ full, load, sql, say, untilAllWork }: Stage): Promise<void> {
  const times = full ? 3 : 1;
  for (let time = 1; time <= times; time++) {
    await load.until(time / (times + 2));
    const back = await setForAll(sql, 'default_transaction_read_only', 'on');
    say('PostgreSQL is read-only');
    await pause(awayMs);
    await back();
    say('PostgreSQL takes changes again');
    await untilAllWork();
  }
}

/** Somebody locks the table of emails, as a careless migration does, and statements have a time limit. */
async function lockEmails({ sql, databaseUrl, load, say, untilAllWork }: Stage): Promise<void> {
  await load.until(0.3);
  const back = await setForAll(sql, 'statement_timeout', '500ms');
  const locker = openDatabase(databaseUrl, { connections: 1, name: 'locker' });
  try {
    await locker.begin(async (transaction) => {
      await transaction`set local statement_timeout = 0`;
      await transaction`lock table emails in access exclusive mode`;
      say('emails are locked');
      await pause(awayMs);
    });
  } finally {
    await locker.end();
    await back();
  }
  say('emails are free again');
  await untilAllWork();
}

const killed = (delivery: DeliveryMode): Pick<Fault, 'emails' | 'delivery' | 'make'> => ({
  emails,
  delivery,
  make: (stage) => endAndStart('kill', stage),
});

export const databaseFaults: readonly Fault[] = [
  { name: 'kill-postgres', says: 'kill -9 of PostgreSQL', short: true, ...killed('at_least_once') },
  { name: 'kill-postgres-at-most-once', says: 'kill -9 of PostgreSQL, at_most_once', ...killed('at_most_once') },
  {
    name: 'kill-postgres-slow-smtp',
    says: 'kill -9 of PostgreSQL while the SMTP relay takes 10 s to reply',
    async make(stage) {
      await stage.load.until(0.2);
      await stage.smtp.behave({ slowMs: 10_000 });
      await pause(1_000);
      await stage.services.postgres.running.kill();
      stage.say('PostgreSQL is away');
      await pause(awayMs);
      await stage.services.postgres.start();
      await stage.smtp.behave({});
      // Those ten replies are still to come, and nothing moves before.
      await pause(5_000);
      await stage.untilAllWork();
    },
  },
  { name: 'read-only-postgres', says: 'PostgreSQL read-only', short: true, make: becomeReadOnly },
  {
    name: 'read-only-postgres-at-most-once',
    says: 'PostgreSQL read-only, at_most_once',
    delivery: 'at_most_once',
    make: becomeReadOnly,
  },
  { name: 'emails-locked', says: 'table of emails locked, statements run out of time', short: true, make: lockEmails },
  {
    name: 'pgbouncer',
    says: 'through PgBouncer, kill -9 of PostgreSQL',
    pooler: true,
    make: (stage) => endAndStart('kill', stage),
  },
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
