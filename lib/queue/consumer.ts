// Takes messages off queues and hands the ids in them to `deliver`, so many at a time, in turns by client; answers the broker when a message is done.

import { createFairTurns, type FairTurns } from '../process/fair-turns.ts';
import type { Log } from '../process/log.ts';
import { untilDatabaseIsBack } from '../store/database.ts';
import type { Queue, QueueDelivery } from './queue.ts';
import { readMessage } from './queue-message.ts';
import type { QueueName } from './topology.ts';

export interface Consumer {
  start(): Promise<void>;
  /** Takes no more messages and waits for the ids under way. Messages with ids not yet begun go back to the broker. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  queue: Queue;
  names: readonly QueueName[];
  /** Most messages of each queue held at once. */
  prefetch: number;
  /** Most ids of each queue under way at once; other ids of held messages wait. */
  idsAtOnce: number;
  /** True: no client holds more of these than it leaves free. For work that may take long. */
  leavesRoom?: boolean;
  /** May call `letGo` before it is done: the row keeps the id then, and another one has its turn. False: too many were let go already. */
  deliver: (id: string, letGo: () => boolean) => Promise<void>;
  /** Most ids under way that were let go; none unless said. */
  letGo?: number;
  log: Log;
}

export function createConsumer({
  queue,
  names,
  prefetch,
  idsAtOnce,
  leavesRoom = false,
  deliver,
  letGo: mostLetGo = 0,
  log,
}: ConsumerOptions): Consumer {
  const underWay = new Set<Promise<void>>();
  let letGo = 0;
  let stopping = false;

  async function handle(delivery: QueueDelivery, turns: FairTurns): Promise<void> {
    const ids = readMessage(delivery.content);
    if (ids === undefined) {
      log.error('a message without an id goes to the dead letters', { bytes: delivery.content.length });
      delivery.reject();
      return;
    }
    const { clients } = delivery;
    // Whose an id is not known of are as one client.
    const clientOf = (index: number) => (clients.length > 1 ? clients[index] : clients[0]) ?? '';
    const dealtWith = await Promise.all(ids.map((id, index) => turns.run(clientOf(index), () => handleId(id))));
    // Else the broker has it again with the end of the connection: the next worker drops the ids that are done.
    if (dealtWith.every(Boolean)) delivery.ack();
  }

  /** Resolves with true when the id is done. */
  async function handleId(id: string): Promise<boolean> {
    if (stopping) return false;
    await new Promise<void>((resolve) => {
      let isLetGo = false;
      const onLetGo = () => {
        if (isLetGo) return true;
        if (letGo >= mostLetGo) return false;
        isLetGo = true;
        letGo += 1;
        resolve();
        return true;
      };
      // While the database is away, we keep the message. After a fault of our own, dispatch publishes the id again at the row's due_at.
      const delivered = untilDatabaseIsBack(() => deliver(id, onLetGo))
        .catch((error) => log.error('delivery failed', { id, error }))
        .finally(() => {
          underWay.delete(delivered);
          if (isLetGo) letGo -= 1;
          resolve();
        });
      underWay.add(delivered);
    });
    return true;
  }

  return {
    async start() {
      for (const name of names) {
        const turns = createFairTurns({ atOnce: idsAtOnce, leavesRoom });
        await queue.consume(name, prefetch, (delivery) => {
          const handled = handle(delivery, turns).finally(() => underWay.delete(handled));
          underWay.add(handled);
        });
      }
    },
    async stop() {
      await queue.stopConsuming();
      stopping = true;
      await Promise.all(underWay);
    },
  };
}
