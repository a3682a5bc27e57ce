// Takes ids off queues and hands each to `deliver`; answers the broker when it is done.
import { untilDatabaseIsBack } from '../db.ts';
import { readEmailId } from '../emails/email.ts';
import type { Log } from '../log.ts';
import type { Delivery, Queue } from './queue.ts';
import type { QueueName } from './topology.ts';

export interface Consumer {
  start(): Promise<void>;
  /** Takes no more messages and waits for those under way. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  queue: Queue;
  names: readonly QueueName[];
  /** Most messages of each under way at once. */
  prefetch: number;
  deliver: (id: string) => Promise<void>;
  log: Log;
}

export function createConsumer({ queue, names, prefetch, deliver, log }: ConsumerOptions): Consumer {
  const underWay = new Set<Promise<void>>();

  async function handle(delivery: Delivery): Promise<void> {
    const id = readEmailId(parse(delivery.content));
    if (id === undefined) {
      log.error('a message without an id goes to the dead letters', { bytes: delivery.content.length });
      delivery.reject();
      return;
    }
    // While the database is away the message is kept. After a fault of our own the row's due_at brings the id back.
    await untilDatabaseIsBack(() => deliver(id)).catch((error) => log.error('delivery failed', { id, error }));
    delivery.ack();
  }

  return {
    async start() {
      for (const name of names) {
        await queue.consume(name, prefetch, (delivery) => {
          const handled = handle(delivery).finally(() => underWay.delete(handled));
          underWay.add(handled);
        });
      }
    },
    async stop() {
      await queue.stopConsuming();
      await Promise.all(underWay);
    },
  };
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}
