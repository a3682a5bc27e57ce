// The queues: their names, how they are declared, how a message is put on one so that it is safe there.
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Lane } from '../store/emails/email.ts';

/** Quorum queues, one a lane of emails; what nobody can read goes to the dead letters. */
export const queueNames: Record<Lane, string> = { transactional: 'emails.transactional', bulk: 'emails.bulk' };
export const deadLetterQueue = 'emails.dead';
/** Ids of webhook deliveries. */
export const webhookQueue = 'webhooks';

/** Where an id may be put. */
export type QueueName = Lane | typeof webhookQueue;

/** The broker's name of a queue. */
export function brokerNameOf(queue: QueueName): string {
  return queue === webhookQueue ? webhookQueue : queueNames[queue];
}

/** A broker that went silent is noticed within two of these. */
const heartbeatSeconds = 10;

/** Every queue there is, by the broker's name. */
const allQueues = [deadLetterQueue, ...Object.values(queueNames), webhookQueue];

/**
 * Declares each queue on a channel of its own, as a refusal closes the channel. Resolves with those that the broker refused, and
 * why; rejects when the connection is gone.
 */
export async function declareQueues(connection: ChannelModel): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const name of allQueues) {
    const channel = await connection.createChannel();
    // Told by the rejection of what waits for it.
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

/** W3C Trace Context, for who takes the message. */
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
