// Faults of SMTP relays: they refuse, defer, bounce, are slow, cut the connection, have an expired certificate, reject our password.
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import type { Behaviour } from './smtp-protocol.ts';

/** How long the relay misbehaves, in ms. */
const whileMs = 3_000;

/** The load has begun; then the relay behaves so for a while. */
function misbehave(behaviour: Behaviour, forMs = whileMs): Fault['make'] {
  return async ({ load, smtp, untilAllWork }) => {
    await load.until(0.2);
    await smtp.behave(behaviour);
    await pause(forMs);
    await smtp.behave({});
    // Slow replies are still to come, and every connection waits for one.
    if (behaviour.slowMs === undefined) await untilAllWork();
  };
}

/** Share of messages whose connection is cut; if it were all, each email would be delivered once for each attempt. */
const share = 0.3;

export const smtpFaults: readonly Fault[] = [
  { name: 'smtp-refuses', says: 'SMTP relay refuses connections', make: misbehave({ refuseConnections: true }) },
  {
    name: 'smtp-421',
    says: 'SMTP relay greets with 421',
    make: misbehave({ greeting: [421, '4.3.2 closing for maintenance'] }),
  },
  {
    name: 'smtp-450',
    says: 'SMTP relay answers 450 to recipients',
    short: true,
    make: misbehave({ recipient: [450, '4.2.0 greylisted'] }),
  },
  {
    name: 'smtp-451',
    says: 'SMTP relay answers 451 to messages',
    make: misbehave({ message: [451, '4.3.0 try again later'] }),
  },
  {
    name: 'smtp-550',
    says: 'SMTP relay answers 550 to recipients',
    bounces: true,
    make: misbehave({ recipient: [550, '5.1.1 no such user'] }),
  },
  {
    name: 'smtp-slow',
    says: 'SMTP relay takes 10 s to reply',
    // Its conversations outlast three leases.
    make: misbehave({ slowMs: 10_000 }),
  },
  {
    name: 'smtp-drops-in-data',
    says: 'SMTP relay cuts the connection in DATA',
    // Long, so that the cut comes while the message is under way.
    textLength: 500_000,
    perSecond: 50,
    emails: 500,
    make: misbehave({ drop: 'in_data', share }),
  },
  {
    name: 'smtp-drops-in-data-starved',
    says: 'the same, while other programs take the processors',
    textLength: 500_000,
    perSecond: 50,
    emails: 500,
    starved: true,
    make: misbehave({ drop: 'in_data', share }),
  },
  {
    name: 'smtp-out-of-step',
    says: 'SMTP relay replies once too often',
    short: true,
    make: misbehave({ unasked: true, share }),
  },
  {
    name: 'smtp-drops-after-dot',
    says: 'SMTP relay cuts after the final dot',
    short: true,
    gap: 'unbounded',
    make: misbehave({ drop: 'after_final_dot', share }),
  },
  {
    name: 'smtp-drops-after-dot-at-most-once',
    says: 'SMTP relay cuts after the final dot, at_most_once',
    short: true,
    delivery: 'at_most_once',
    make: misbehave({ drop: 'after_final_dot', share }),
  },
  {
    name: 'smtp-expired-certificate',
    says: "SMTP relay's TLS certificate has expired",
    smtp: 'tls',
    make: misbehave({ certificate: 'expired' }),
  },
  {
    name: 'smtp-wrong-password',
    says: 'SMTP relay refuses our password',
    smtp: 'account',
    make: misbehave({ refusePassword: true }),
  },
];
