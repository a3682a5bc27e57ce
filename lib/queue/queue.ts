// The connection to the broker: publishes with confirms, and consumes. When any part breaks, it connects again from the start.
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import type { Log } from '../process/log.ts';
import { groupIds, type TracedId } from './grouped.ts';
import { writeMessage } from './queue-message.ts';
import {
  brokerNameOf,
  clientsHeader,
  declareQueues,
  isChannelRefusal,
  publishConfirmed,
  type QueueName,
  traceHeader,
  withHeartbeat,
} from './topology.ts';

/** Publishes that may wait for their confirm at once; beyond that the broker is too slow, and dispatch publishes later. */
const maxUnconfirmed = 10_000;
/** Pause before a refused queue is declared again. */
const askAgainMs = 5_000;
/** Longest pause between two tries to connect. */
const maxReconnectDelayMs = 2_000;

export interface QueueDelivery {
  content: Buffer;
  /** Whose the ids in it are: one for all, or one each. Empty where that is not known. */
  clients: string[];
  /** Done with: the broker forgets the message. */
  ack(): void;
  /** No worker can use it: the broker moves it to the dead letters. */
  reject(): void;
}

export interface Queue {
  /**
   * Puts an id on a queue, in one message with others that come in this moment; resolves when the broker has confirmed it, rejects
   * when it has not or cannot. The message's header has their trace context where it is one and the same; those of the emails are
   * in their rows. With the client whose it is, workers share their work out by client.
   */
  publish(queue: QueueName, id: string, traceparent: string | null, client?: string): Promise<void>;
  /** How many messages wait on a queue; rejects while the broker is away. */
  depth(queue: QueueName): Promise<number>;
  /** Takes messages of a queue, at most `prefetch` unanswered at once, over every reconnection. */
  consume(queue: QueueName, prefetch: number, onDelivery: (delivery: QueueDelivery) => void): Promise<void>;
  /** Takes no more messages; held ones can still be answered. */
  stopConsuming(): Promise<void>;
  /** Rejects unless the broker is connected and takes messages. */
  check(): Promise<void>;
  /** Rejects when the broker refuses one of these queues; other queues still work. */
  checkQueues(...queues: QueueName[]): Promise<void>;
  /** Waits for confirms under way, then closes. */
  close(): Promise<void>;
}

/** The broker cannot take a message now. The state of the connection is already in the log. */
export class BrokerAwayError extends Error {
  override readonly name = 'BrokerAwayError';
}

interface Consumer {
  queue: QueueName;
  prefetch: number;
  onDelivery: (delivery: QueueDelivery) => void;
}

/** Connects in the background and keeps connecting; no call waits for a broker that is away. */
export async function connectQueue(url: string, log: Log): Promise<Queue> {
  const consumers: Consumer[] = [];
  let model: ChannelModel | undefined;
  let channel: ConfirmChannel | undefined;
  let blocked = false;
  let stopping = false;
  const unconfirmed = new Set<Promise<void>>();
  /** For questions, so that no message waits behind one. Opened when it is first needed. */
  let asking: { on: ChannelModel; channel: Promise<ConfirmChannel> } | undefined;
  /** Queues that the broker refuses, by its name for them, and why. */
  let refused = new Map<string, string>();

  /** Runs after every connect. If a channel or a queue fails, the connection is closed, and this runs again. */
  async function setUp(connected: ChannelModel): Promise<void> {
    const startOver = (reason: string) => startOverOn(connected, reason);
    connected.on('error', (error) => log.warn('broker: connection error', { error: error.message }));
    const publishing = await openChannel(connected, startOver);
    publishing.on('return', () => startOver('a queue is missing'));
    noteRefused(await declareQueues(connected));
    for (const consumer of consumers) await subscribe(connected, consumer, startOver);
    model = connected;
    channel = publishing;
    blocked = false;
    askAgain(connected, startOver);
  }

  function noteRefused(now: Map<string, string>): void {
    for (const [name, reason] of now)
      if (!refused.has(name))
        log.error(
          'broker: refuses a queue, which is left alone; the others go on. Delete it, or move its messages elsewhere',
          {
            queue: name,
            reason,
          },
        );
    for (const name of refused.keys()) if (!now.has(name)) log.info('broker: takes the queue again', { queue: name });
    refused = now;
  }

  /** Declares refused queues again and again, until an operator has repaired them. */
  function askAgain(connected: ChannelModel, startOver: (reason: string) => void): void {
    if (refused.size === 0) return;
    const timer = setTimeout(async () => {
      if (stopping || model !== connected) return;
      try {
        const before = refused;
        noteRefused(await declareQueues(connected));
        const isBack = ({ queue }: Consumer) => before.has(brokerNameOf(queue)) && !refused.has(brokerNameOf(queue));
        for (const consumer of consumers.filter(isBack)) await subscribe(connected, consumer, startOver);
      } catch (error) {
        // The connection is lost or about to be, so start over.
        startOver(String(error));
      }
      askAgain(connected, startOver);
    }, askAgainMs);
    timer.unref();
  }

  function startOverOn(connected: ChannelModel, reason: string): void {
    if (stopping || model !== connected) return;
    log.warn('broker: starting over', { reason });
    connected.close().catch(() => {});
  }

  async function openChannel(connected: ChannelModel, startOver: (reason: string) => void): Promise<ConfirmChannel> {
    const opened = await connected.createConfirmChannel();
    opened.on('error', (error) => log.warn('broker: channel error', { error: error.message }));
    opened.on('close', () => startOver('a channel was closed'));
    return opened;
  }

  async function subscribe(connected: ChannelModel, consumer: Consumer, startOver: (reason: string) => void) {
    const name = brokerNameOf(consumer.queue);
    if (refused.has(name)) return;
    let isSubscribed = false;
    const consuming = await openChannel(connected, (reason) => isSubscribed && startOver(reason));
    await consuming.prefetch(consumer.prefetch);
    try {
      await consuming.consume(
        name,
        (message) => {
          // Null is the broker's basic.cancel: the queue was deleted or its leader is gone.
          if (message === null) startOver('the broker cancelled a consumer');
          else consumer.onDelivery(toQueueDelivery(consuming, message));
        },
        { consumerTag: consumer.queue },
      );
    } catch (error) {
      if (!isChannelRefusal(error)) throw error;
      noteRefused(new Map([...refused, [name, error.message]]));
      return;
    }
    isSubscribed = true;
    consumingChannels.set(consumer.queue, consuming);
  }
  const consumingChannels = new Map<QueueName, ConfirmChannel>();

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

  function checkQueue(queue: QueueName): void {
    const reason = refused.get(brokerNameOf(queue));
    if (reason !== undefined)
      throw new BrokerAwayError(`the broker refuses the queue ${brokerNameOf(queue)}: ${reason}`);
  }

  const publish = groupIds((queue, ids) => {
    const confirmed = sendMessage(queue, ids);
    unconfirmed.add(confirmed);
    return confirmed.finally(() => unconfirmed.delete(confirmed));
  });

  async function sendMessage(queue: QueueName, group: readonly TracedId[]): Promise<void> {
    checkQueue(queue);
    const [trace, ...otherTraces] = new Set(group.map(({ traceparent }) => traceparent));
    const headers = {
      ...(otherTraces.length === 0 && traceHeader(trace)),
      ...clientsHeader(group.map(({ client }) => client)),
    };
    await publishConfirmed(usableChannel(), brokerNameOf(queue), writeMessage(group.map(({ id }) => id)), headers);
  }

  return {
    publish: (queue, id, traceparent, client) => publish(queue, { id, traceparent, client }),
    async depth(queue) {
      checkQueue(queue);
      usableChannel();
      const on = model;
      if (on === undefined) throw new BrokerAwayError('the broker is not connected');
      if (asking?.on !== on) asking = { on, channel: openChannel(on, (reason) => startOverOn(on, reason)) };
      const channel = await asking.channel;
      return (await channel.checkQueue(brokerNameOf(queue))).messageCount;
    },
    async consume(queue, prefetch, onDelivery) {
      const consumer = { queue, prefetch, onDelivery };
      consumers.push(consumer);
      // Not connected yet: setUp subscribes. Connected: start over, so that setUp does.
      if (model) await model.close();
    },
    async stopConsuming() {
      stopping = true;
      await Promise.allSettled([...consumingChannels].map(([queue, consuming]) => consuming.cancel(queue)));
    },
    async check() {
      usableChannel();
    },
    async checkQueues(...queues) {
      for (const queue of queues) checkQueue(queue);
    },
    async close() {
      stopping = true;
      await Promise.allSettled(unconfirmed);
      await connection.close();
    },
  };
}

/** Answers go to the channel the message came from; if that has closed, the broker delivers the message again by itself. */
function toQueueDelivery(channel: ConfirmChannel, message: ConsumeMessage): QueueDelivery {
  const answer = (send: () => void) => {
    try {
      send();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'IllegalOperationError')) throw error;
    }
  };
  return {
    content: message.content,
    clients: readClients(message.properties.headers?.clients),
    ack: () => answer(() => channel.ack(message)),
    reject: () => answer(() => channel.reject(message, false)),
  };
}

/** A message that is not ours may say anything. */
function readClients(said: unknown): string[] {
  return Array.isArray(said) && said.every((client) => typeof client === 'string') ? said : [];
}
