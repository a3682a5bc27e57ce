// The one place that talks AMQP: the queues, publishing with confirms, consuming. What breaks is connected again, whole.
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect, type GetMessage } from 'amqplib';
import type { Log } from './log.ts';

export type Lane = 'transactional' | 'bulk';

/** Quorum queues, one a lane; what nobody can read goes to the dead letters. */
export const queueNames: Record<Lane, string> = { transactional: 'emails.transactional', bulk: 'emails.bulk' };
export const deadLetterQueue = 'emails.dead';

/** Publishes that may wait for their confirm at once; beyond that the broker is too slow, and relay publishes later. */
const maxUnconfirmed = 10_000;
/** A broker that is back is found within this time. */
const maxReconnectDelayMs = 2_000;
/** A broker that went silent is noticed within two of these. */
const heartbeatSeconds = 10;

export interface Delivery {
  content: Buffer;
  /** Done with: the broker forgets the message. */
  ack(): void;
  /** Nobody can use it: the broker moves it to the dead letters. */
  reject(): void;
}

export interface Queue {
  /** Puts an email's id on its lane's queue; resolves when the broker has confirmed it, rejects when it has not or cannot. */
  publish(lane: Lane, emailId: string, traceparent: string | null): Promise<void>;
  /** Takes messages of a lane, at most `prefetch` unanswered at once, over every reconnection. */
  consume(lane: Lane, prefetch: number, onDelivery: (delivery: Delivery) => void): Promise<void>;
  /** Takes no more messages; those already taken can still be answered. */
  stopConsuming(): Promise<void>;
  /** Rejects unless the broker is connected and takes messages. */
  check(): Promise<void>;
  /** Waits for confirms under way, then closes. */
  close(): Promise<void>;
}

/** The broker cannot take a message now. What became of the connection has been logged. */
export class BrokerAwayError extends Error {
  override readonly name = 'BrokerAwayError';
}

interface Consumer {
  lane: Lane;
  prefetch: number;
  onDelivery: (delivery: Delivery) => void;
}

/** Connects in the background and keeps connecting; no call waits for a broker that is away. */
export async function connectQueue(url: string, log: Log): Promise<Queue> {
  const consumers: Consumer[] = [];
  let model: ChannelModel | undefined;
  let channel: ConfirmChannel | undefined;
  let blocked = false;
  let stopping = false;
  const unconfirmed = new Set<Promise<void>>();

  /** Runs after every connect. Whatever goes wrong with a channel or a queue closes the connection, and this runs again. */
  async function setUp(connected: ChannelModel): Promise<void> {
    const startOver = (reason: string) => {
      if (stopping || model !== connected) return;
      log.warn('broker: starting over', { reason });
      connected.close().catch(() => {});
    };
    connected.on('error', (error) => log.warn('broker: connection error', { error: error.message }));
    const publishing = await openChannel(connected, startOver);
    publishing.on('return', () => startOver('a queue is missing'));
    await declareQueues(publishing);
    for (const consumer of consumers) await subscribe(connected, consumer, startOver);
    model = connected;
    channel = publishing;
    blocked = false;
  }

  async function openChannel(connected: ChannelModel, startOver: (reason: string) => void): Promise<ConfirmChannel> {
    const opened = await connected.createConfirmChannel();
    opened.on('error', (error) => log.warn('broker: channel error', { error: error.message }));
    opened.on('close', () => startOver('a channel was closed'));
    return opened;
  }

  async function subscribe(connected: ChannelModel, consumer: Consumer, startOver: (reason: string) => void) {
    const consuming = await openChannel(connected, startOver);
    await consuming.prefetch(consumer.prefetch);
    await consuming.consume(
      queueNames[consumer.lane],
      (message) => {
        // Null is the broker's basic.cancel: the queue was deleted or its leader is gone.
        if (message === null) startOver('the broker cancelled a consumer');
        else consumer.onDelivery(toDelivery(consuming, message));
      },
      { consumerTag: consumer.lane },
    );
    consumingChannels.set(consumer.lane, consuming);
  }
  const consumingChannels = new Map<Lane, ConfirmChannel>();

  const connection = await connect(withHeartbeat(url), {
    timeout: 5_000,
    recovery: { setup: setUp, maxDelay: maxReconnectDelayMs, waitForConnect: false },
  });
  connection.on('connect', () => log.info('broker: connected'));
  connection.on('connect-failed', (error) => log.warn('broker: cannot connect', { error: error.message }));
  connection.on('disconnect', (error) => {
    channel = undefined;
    model = undefined;
    log.warn('broker: disconnected', { error: error.message });
  });
  connection.on('error', () => {});
  connection.on('blocked', (reason) => {
    blocked = true;
    log.warn('broker: takes no messages', { reason });
  });
  connection.on('unblocked', () => {
    blocked = false;
    log.info('broker: takes messages again');
  });

  function usableChannel(): ConfirmChannel {
    if (channel === undefined) throw new BrokerAwayError('the broker is not connected');
    if (blocked) throw new BrokerAwayError('the broker is blocked');
    if (unconfirmed.size >= maxUnconfirmed) throw new BrokerAwayError('too many publishes wait for their confirm');
    return channel;
  }

  return {
    async publish(lane, emailId, traceparent) {
      const confirmed = publishConfirmed(
        usableChannel(),
        queueNames[lane],
        Buffer.from(JSON.stringify({ id: emailId })),
        traceHeader(traceparent),
      );
      unconfirmed.add(confirmed);
      await confirmed.finally(() => unconfirmed.delete(confirmed));
    },
    async consume(lane, prefetch, onDelivery) {
      const consumer = { lane, prefetch, onDelivery };
      consumers.push(consumer);
      // Not connected yet: setUp subscribes. Connected: start over, so that setUp does.
      if (model) await model.close();
    },
    async stopConsuming() {
      stopping = true;
      await Promise.allSettled([...consumingChannels].map(([lane, consuming]) => consuming.cancel(lane)));
    },
    async check() {
      usableChannel();
    },
    async close() {
      stopping = true;
      await Promise.allSettled(unconfirmed);
      await connection.close();
    },
  };
}

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
    await declareQueues(channel);
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

async function declareQueues(channel: ConfirmChannel): Promise<void> {
  await channel.assertQueue(deadLetterQueue, { arguments: { 'x-queue-type': 'quorum' } });
  for (const name of Object.values(queueNames)) {
    await channel.assertQueue(name, {
      deadLetterExchange: '',
      deadLetterRoutingKey: deadLetterQueue,
      arguments: { 'x-queue-type': 'quorum' },
    });
  }
}

function publishConfirmed(channel: ConfirmChannel, queue: string, content: Buffer, headers: object): Promise<void> {
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
function traceHeader(traceparent: unknown): { traceparent?: string } {
  return typeof traceparent === 'string' ? { traceparent } : {};
}

/** Answers go to the channel the message came from; if that has closed, the broker delivers the message again by itself. */
function toDelivery(channel: ConfirmChannel, message: ConsumeMessage): Delivery {
  const answer = (send: () => void) => {
    try {
      send();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'IllegalOperationError')) throw error;
    }
  };
  return {
    content: message.content,
    ack: () => answer(() => channel.ack(message)),
    reject: () => answer(() => channel.reject(message, false)),
  };
}

function withHeartbeat(url: string): string {
  const withParameter = new URL(url);
  if (!withParameter.searchParams.has('heartbeat'))
    withParameter.searchParams.set('heartbeat', String(heartbeatSeconds));
  return withParameter.href;
}
