import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../lib/store/emails/email.ts';
import { bulkLimit, createSlots } from './slots.ts';

/** Takes slots and notes in which order they were had. */
function start(connections: number) {
  const slots = createSlots(connections);
  const had: string[] = [];
  const releases = new Map<string, () => void>();
  const take = async (name: string, lane: Lane, client?: string) => {
    const release = await slots.take(lane, client);
    if (release) releases.set(name, release);
    had.push(release ? name : `${name} sent away`);
  };
  return {
    had,
    take: (name: string, lane: Lane, client?: string) => void take(name, lane, client),
    close: slots.close,
    async release(name: string) {
      releases.get(name)?.();
      await setImmediate();
    },
  };
}

describe('slots', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [5, 4],
    [10, 8],
    [100, 80],
  ])('of %i connections bulk may hold %i', (connections, limit) => {
    expect(bulkLimit(connections)).toBe(limit);
  });

  it('a transactional email finds a free connection, however many bulk emails wait', async () => {
    const { had, take, release } = start(5);
    for (let n = 1; n <= 20; n += 1) take(`b${n}`, 'bulk');
    await setImmediate();
    expect(had).toEqual(['b1', 'b2', 'b3', 'b4']);
    take('t1', 'transactional');
    await setImmediate();
    expect(had.at(-1)).toBe('t1');
    await release('t1');
    expect(had).toHaveLength(5);
    await release('b1');
    expect(had.at(-1)).toBe('b5');
  });

  it('with one connection it is the next one', async () => {
    const { had, take, release } = start(1);
    for (const name of ['b1', 'b2', 'b3']) take(name, 'bulk');
    for (const name of ['t1', 't2']) take(name, 'transactional');
    await setImmediate();
    for (const name of ['b1', 't1', 't2', 'b2', 'b3']) await release(name);
    expect(had).toEqual(['b1', 't1', 't2', 'b2', 'b3']);
  });

  it('transactional emails may hold all; a slot given back twice counts once', async () => {
    const { had, take, release } = start(2);
    for (const name of ['t1', 't2', 't3', 't4']) take(name, 'transactional');
    await setImmediate();
    expect(had).toEqual(['t1', 't2']);
    await release('t1');
    await release('t1');
    expect(had).toEqual(['t1', 't2', 't3']);
  });

  it('clients of a lane take turns, and a lane goes before any of them', async () => {
    const { had, take, release } = start(1);
    for (const name of ['a1', 'a2', 'a3', 'a4']) take(name, 'transactional', 'a');
    take('c1', 'bulk', 'c');
    take('b1', 'transactional', 'b');
    await setImmediate();
    for (const name of ['a1', 'a2', 'b1', 'a3', 'a4']) await release(name);
    expect(had).toEqual(['a1', 'a2', 'b1', 'a3', 'a4', 'c1']);
  });

  it('once closed, sends away who waits and who comes; the others go on', async () => {
    const { had, take, release, close } = start(1);
    for (const name of ['t1', 't2']) take(name, 'transactional');
    take('b1', 'bulk');
    await setImmediate();
    close();
    take('t3', 'transactional');
    await release('t1');
    expect(had).toEqual(['t1', 't2 sent away', 'b1 sent away', 't3 sent away']);
  });
});
