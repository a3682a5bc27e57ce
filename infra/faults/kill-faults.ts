// kill -9 of each function under load, again and again; a supervisor starts it again each time.
import type { FunctionName } from '../local/functions.ts';
import type { Fault, Stage } from './fault.ts';

/** The issue asks for at least so many emails in each. */
const emails = 5_000;
/** A worker of ten connections has eighty emails under way at most; where recording is slow, that of nearly all is still to come. */
const gap = { perKill: 80 };

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
