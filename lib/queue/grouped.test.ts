import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { groupIds, maxIds, type TracedId } from './grouped.ts';
import type { QueueName } from './topology.ts';

interface Published {
  queue: QueueName;
  ids: string[];
  confirm: () => void;
  refuse: (reason: Error) => void;
}

function sending() {
  const messages: Published[] = [];
  const publish = groupIds((queue, ids: readonly TracedId[]) => {
    return new Promise<void>((confirm, refuse) =>
      messages.push({ queue, ids: ids.map(({ id }) => id), confirm, refuse }),
    );
  });
  const put = (queue: QueueName, id: string) => publish(queue, { id, traceparent: null });
  return { messages, put };
}

describe('groupIds', () => {
  it('puts the ids of one turn in one message a queue, and those of the next in another', async () => {
    const { messages, put } = sending();
    for (const id of ['a', 'b']) void put('transactional', id);
    void put('bulk', 'c');
    await turn();
    void put('transactional', 'd');
    await turn();
    expect(messages.map(({ queue, ids }) => [queue, ...ids])).toEqual([
      ['transactional', 'a', 'b'],
      ['bulk', 'c'],
      ['transactional', 'd'],
    ]);
  });

  it('begins another message when one is full', async () => {
    const { messages, put } = sending();
    for (let id = 0; id < maxIds * 2 + 1; id += 1) void put('bulk', String(id));
    await turn();
    expect(messages.map(({ ids }) => ids.length)).toEqual([maxIds, maxIds, 1]);
    expect(messages.flatMap(({ ids }) => ids).map(Number)).toEqual(Array.from({ length: maxIds * 2 + 1 }, (_, i) => i));
  });

  it('tells each id what became of its message', async () => {
    const { messages, put } = sending();
    const results = Promise.allSettled(Array.from({ length: maxIds + 1 }, (_, id) => put('bulk', String(id))));
    await turn();
    messages[0]?.confirm();
    messages[1]?.refuse(new Error('full'));
    const statuses = (await results).map(({ status }) => status);
    expect(statuses).toEqual([...Array.from({ length: maxIds }, () => 'fulfilled'), 'rejected']);
  });
});
