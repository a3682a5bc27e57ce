// The dead letters: messages that no worker could use, looked at and put back.
import { connect, type GetMessage } from 'amqplib';
import type { Lane } from '../store/emails/email.ts';
import {
  deadLetterQueue,
  declareQueues,
  publishConfirmed,
  queueNames,
  traceHeader,
  withHeartbeat,
} from './topology.ts';

/** A message that nobody could use, and what the broker says of its death. */
export interface DeadLetter {
  content: Buffer;
  /** Queue that it was on. */
  queue: string | null;
  /** As in `rejected` or `delivery_limit`. */
  reason: string | null;
  died_at: Date | null;
}

/**
 * Shows every message of the dead letters to `visit`, and puts it where that says: on a lane, or back at the end of the dead
 * letters. Each is confirmed there before it is taken away here, so that none is lost. Back with them goes a copy: a message that
 * is merely returned counts its deliveries, and RabbitMQ 4 drops it after twenty.
 */
export async function walkDeadLetters(
  url: string,
  visit: (letter: DeadLetter) => Promise<Lane | 'keep'>,
): Promise<void> {
  const connection = await connect(withHeartbeat(url), { timeout: 5_000 });
  // What breaks rejects the call that waits for it.
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    let isQueueMissing = false;
    channel.on('return', () => {
      isQueueMissing = true;
    });
    await declareQueues(connection);
    const { messageCount } = await channel.checkQueue(deadLetterQueue);
    for (let seen = 0; seen < messageCount; seen += 1) {
      const message = await channel.get(deadLetterQueue);
      if (message === false) break;
      const place = await visit(toDeadLetter(message));
      const { headers = {} } = message.properties;
      if (place === 'keep') await publishConfirmed(channel, deadLetterQueue, message.content, headers);
      else await publishConfirmed(channel, queueNames[place], message.content, traceHeader(headers.traceparent));
      if (isQueueMissing) throw new Error('a queue is missing');
      channel.ack(message);
    }
    await channel.close();
  } finally {
    await connection.close().catch(() => {});
  }
}

/** What is no letter of ours may have anything in its headers. */
function toDeadLetter({ content, properties }: GetMessage): DeadLetter {
  const headers = properties.headers ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const diedAt: unknown = headers['x-death']?.[0]?.time?.value;
  return {
    content,
    queue: text(headers['x-first-death-queue']),
    reason: text(headers['x-first-death-reason']),
    // AMQP counts seconds.
    died_at: typeof diedAt === 'number' ? new Date(diedAt * 1000) : null,
  };
}
