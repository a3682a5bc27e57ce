// kill -9 of each function under load, again and again; a supervisor starts it again each time.
import * as v from 'valibot';
import { ConsumeSettings, emailsPerConnection } from '../../functions/consume/settings.ts';
import type { FunctionName } from '../local/functions.ts';
import type { Fault, Stage } from './fault.ts';

/** The issue asks for at least so many emails in each. */
const emails = 5_000;
/**
 * The load is on one lane. A worker has so many of its emails in work, and while a record is slow to commit, all of them may be handed over
 * already: a connection does not wait for the record of its last email.
 */
const gap = { perKill: Number(v.getDefault(ConsumeSettings.entries.SMTP_CONNECTIONS)) * emailsPerConnection };

/** Kills spread over the load. */
async function killRepeatedly(name: FunctionName, { full, load, fleet, say }: Stage): Promise<void> {
  const times = full ? 10 : 3;
  for (let kill = 1; kill <= times; kill++) {
    await load.until(kill / (times + 1));
    await fleet.kill(name);
  }
  say(`${name} was killed ${times} times`);
}

export const killFaults: readonly Fault[] = [
  {
    name: 'kill-token',
    says: 'kill -9 of token',
    emails,
    make: (stage) => killRepeatedly('token', stage),
  },
  {
    name: 'kill-send',
    says: 'kill -9 of send',
    short: true,
    emails,
    make: (stage) => killRepeatedly('send', stage),
  },
  {
    name: 'kill-send-and-repeat',
    says: 'kill -9 of send, requests repeated with their Idempotency-Key',
    short: true,
    emails,
    repeats: true,
    make: (stage) => killRepeatedly('send', stage),
  },
  {
    name: 'kill-consume',
    says: 'kill -9 of consume',
    short: true,
    emails,
    gap,
    make: (stage) => killRepeatedly('consume', stage),
  },
  {
    name: 'kill-consume-at-most-once',
    says: 'kill -9 of consume, at_most_once',
    short: true,
    emails,
    delivery: 'at_most_once',
    make: (stage) => killRepeatedly('consume', stage),
  },
  {
    name: 'kill-dispatch',
    says: 'kill -9 of dispatch',
    emails,
    make: (stage) => killRepeatedly('dispatch', stage),
  },
  {
    name: 'kill-history',
    says: 'kill -9 of history',
    emails,
    make: (stage) => killRepeatedly('history', stage),
  },
];
