// What an operator may do to the broker by hand: delete and purge our queues, put messages on them, look how many there are.
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { deadLetterQueue, queueNames, webhookQueue } from '../../lib/queue/topology.ts';

const workQueues = [...Object.values(queueNames), webhookQueue];
const allQueues = [...workQueues, deadLetterQueue];

export async function deleteQueues(amqpUrl: string): Promise<void> {
  await withChannel(amqpUrl, async (channel) => {
    for (const name of allQueues) await channel.deleteQueue(name);
  });
}

/** Resolves with how many messages that took away. */
export async function purgeQueues(amqpUrl: string): Promise<number> {
  let purged = 0;
  await withChannel(amqpUrl, async (channel) => {
    for (const name of workQueues) purged += (await channel.purgeQueue(name)).messageCount;
  });
  return purged;
}

/** Puts these on the queue of the transactional lane, in this order. */
export async function putOnQueue(amqpUrl: string, contents: readonly Buffer[]): Promise<void> {
  await withChannel(amqpUrl, async (channel) => {
    for (const content of contents) channel.sendToQueue(queueNames.transactional, content, { persistent: true });
    await channel.waitForConfirms();
  });
}

export async function countDeadLetters(amqpUrl: string): Promise<number> {
  let count = 0;
  await withChannel(amqpUrl, async (channel) => {
    count = (await channel.checkQueue(deadLetterQueue)).messageCount;
  });
  return count;
}

async function withChannel(amqpUrl: string, work: (channel: ConfirmChannel) => Promise<void>): Promise<void> {
  const connection: ChannelModel = await connect(amqpUrl);
  connection.on('error', () => {});
  try {
    await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}
