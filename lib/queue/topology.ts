// The queues: their names, how they are declared, how a message is put on one so that it is safe there.
import type { ConfirmChannel } from 'amqplib';
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

export async function declareQueues(channel: ConfirmChannel): Promise<void> {
  await channel.assertQueue(deadLetterQueue, { arguments: { 'x-queue-type': 'quorum' } });
  for (const name of [...Object.values(queueNames), webhookQueue]) {
    await channel.assertQueue(name, {
      deadLetterExchange: '',
      deadLetterRoutingKey: deadLetterQueue,
      arguments: { 'x-queue-type': 'quorum' },
    });
  }
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
