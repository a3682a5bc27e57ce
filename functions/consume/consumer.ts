// Takes ids off the queues and hands each to `deliver`; answers the broker when it is done.
import { untilDatabaseIsBack } from '../../lib/db.ts';
import { readEmailId } from '../../lib/emails/email.ts';
import type { Log } from '../../lib/log.ts';
import type { Delivery, Queue } from '../../lib/queue/queue.ts';
import { type Lane, queueNames } from '../../lib/queue/topology.ts';

export interface Consumer {
  start(): Promise<void>;
  /** Takes no more messages and waits for those under way. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  queue: Queue;
  /** Most messages of a lane under way at once. */
  prefetch: number;
  deliver: (id: string) => Promise<void>;
  log: Log;
}

export function createConsumer({ queue, prefetch, deliver, log }: ConsumerOptions): Consumer {
  const underWay = new Set<Promise<void>>();

  async function handle(delivery: Delivery): Promise<void> {
    const id = readEmailId(parse(delivery.content));
    if (id === undefined) {
      log.error('a message without an email id goes to the dead letters', { bytes: delivery.content.length });
      delivery.reject();
      return;
    }
    // While the database is away the message is kept. After a fault of our own the row's due_at brings the id back.
    await untilDatabaseIsBack(() => deliver(id)).catch((error) =>
      log.error('delivery failed', { email_id: id, error }),
    );
    delivery.ack();
  }

  return {
    async start() {
      for (const lane of Object.keys(queueNames) as Lane[]) {
        await queue.consume(lane, prefetch, (delivery) => {
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
