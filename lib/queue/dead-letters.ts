// The dead letters: shows messages that no worker could use, and puts them back.
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

/** A message that no worker could use, and why and when it became a dead letter. */
export interface DeadLetter {
  content: Buffer;
  /** The queue that it was on. */
  queue: string | null;
  /** As in `rejected` or `delivery_limit`. */
  reason: string | null;
  died_at: Date | null;
}

/**
 * Calls `visit` with each dead letter, and puts the message where `visit` says: on a lane, or back at the end of the dead letters.
 * The new copy is confirmed before the old message is acknowledged, so none is lost. To keep one, we publish a copy: RabbitMQ 4
 * counts the deliveries of a returned message and drops it after twenty.
 */
export async function walkDeadLetters(
  url: string,
  visit: (letter: DeadLetter) => Promise<Lane | 'keep'>,
): Promise<void> {
  const connection = await connect(withHeartbeat(url), { timeout: 5_000 });
  // An error also rejects the call that waits.
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

/** A message from elsewhere may have anything in its headers. */
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
