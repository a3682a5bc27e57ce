// The queues: their names, their declaration, and how a message is published so that it is safe.
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Lane } from '../store/emails/email.ts';

/** Quorum queues, one for each lane of emails; messages that no worker can read go to the dead letters. */
export const queueNames: Record<Lane, string> = { transactional: 'emails.transactional', bulk: 'emails.bulk' };
export const deadLetterQueue = 'emails.dead';
/** Ids of webhook deliveries. */
export const webhookQueue = 'webhooks';

/** A queue that an id may be put on. */
export type QueueName = Lane | typeof webhookQueue;

/** The broker's name of a queue. */
export function brokerNameOf(queue: QueueName): string {
  return queue === webhookQueue ? webhookQueue : queueNames[queue];
}

/** A silent broker is noticed within two of these. */
const heartbeatSeconds = 10;

/** Every queue there is, by the broker's name. */
const allQueues = [deadLetterQueue, ...Object.values(queueNames), webhookQueue];

/**
 * Declares each queue on a channel of its own, because a refusal closes the channel. Resolves with the refused queues and the
 * reasons; rejects when the connection is lost.
 */
export async function declareQueues(connection: ChannelModel): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const name of allQueues) {
    const channel = await connection.createChannel();
    // An error also rejects the call that waits.
    channel.on('error', () => {});
    try {
      await channel.assertQueue(name, queueOptions(name));
      await channel.close();
    } catch (error) {
      if (!isChannelRefusal(error)) throw error;
      refused.set(name, error.message);
    }
  }
  return refused;
}

function queueOptions(name: string) {
  const quorum = { arguments: { 'x-queue-type': 'quorum' } };
  return name === deadLetterQueue
    ? quorum
    : { ...quorum, deadLetterExchange: '', deadLetterRoutingKey: deadLetterQueue };
}

/** The broker's codes for what is wrong with one queue (AMQP 0-9-1, "soft errors"): it closes the channel and keeps the connection. */
const channelRefusals = [403, 404, 405, 406];

export function isChannelRefusal(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && channelRefusals.includes(Number(error.code));
}

/** Resolves when the broker has confirmed the message. */
export function publishConfirmed(
  channel: ConfirmChannel,
  queue: string,
  content: Buffer,
  headers: object,
): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish(
      '',
      queue,
      content,
      { persistent: true, mandatory: true, contentType: 'application/json', headers },
      (error) => (error ? reject(error) : resolve()),
    );
  });
}

/** W3C Trace Context, for the consumer of the message. */
export function traceHeader(traceparent: unknown): { traceparent?: string } {
  return typeof traceparent === 'string' ? { traceparent } : {};
}

/** Whose the ids of a message are, for who shares its work out by client: one name for all of them, or one each; nothing where that is not known. */
export function clientsHeader(clients: readonly (string | undefined)[]): { clients?: string[] } {
  const known = clients.filter((client) => client !== undefined);
  if (known.length < clients.length) return {};
  return { clients: new Set(known).size === 1 ? known.slice(0, 1) : known };
}

export function withHeartbeat(url: string): string {
  const withParameter = new URL(url);
  if (!withParameter.searchParams.has('heartbeat'))
    withParameter.searchParams.set('heartbeat', String(heartbeatSeconds));
  return withParameter.href;
}
