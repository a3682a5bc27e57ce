// Faults of queue messages: foreign messages, and every id several times in any order.
import { randomBytes, randomUUID } from 'node:crypto';
import { countDeadLetters, putOnQueue } from './by-hand.ts';
import type { Fault } from './fault.ts';
import { untilNoneLeft } from './patience.ts';

const idMessage = (id: string) => Buffer.from(JSON.stringify({ id }));

/** Of each kind so many, more than a worker takes at once. */
const poisonOfAKind = 50;
const unreadable = [
  () => Buffer.from('not JSON'),
  () => Buffer.from(''),
  () => Buffer.from('{"order":17,"customer":"somebody else"}'),
  () => Buffer.from('{"id":"17"}'),
  () => Buffer.from('null'),
  () => randomBytes(2_000),
];

export const messageFaults: readonly Fault[] = [
  {
    name: 'poison-messages',
    says: 'poison messages on the queue',
    short: true,
    async make({ services, load, say, complain }) {
      const { url } = services.rabbitMq.running;
      await load.until(0.2);
      for (const make of unreadable) await putOnQueue(url, Array.from({ length: poisonOfAKind }, make));
      // Readable ids without an email: there is nothing to deliver.
      await putOnQueue(
        url,
        Array.from({ length: poisonOfAKind }, () => idMessage(randomUUID())),
      );
      const expected = unreadable.length * poisonOfAKind;
      await untilNoneLeft(async () => Math.max(expected - (await countDeadLetters(url)), 0));
      const dead = await countDeadLetters(url);
      say(`${dead} dead letters`);
      if (dead !== expected) complain(`${dead} dead letters in place of ${expected}`);
    },
  },
  {
    name: 'duplicate-messages',
    says: 'queue messages tripled and out of order',
    short: true,
    async make({ services, load }) {
      // While they are being delivered, and again when most are at their end.
      for (const share of [0.3, 0.6, 0.9]) {
        await load.until(share);
        const ids = [...load.accepted.keys()];
        const copies = [...ids, ...ids, ...ids].map(idMessage).sort(() => Math.random() - 0.5);
        await putOnQueue(services.rabbitMq.running.url, copies);
      }
    },
  },
];
