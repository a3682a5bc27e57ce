import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Lane } from '../../lib/store/emails/email.ts';
import type { Load } from './load.ts';
import { createMemory } from './memory.ts';
import { bulkLimit, createSlots } from './slots.ts';

/** Takes slots and notes in which order they were had. */
function start(connections: number, memory = createMemory(100)) {
  const slots = createSlots(connections, memory);
  const had: string[] = [];
  const releases = new Map<string, () => void>();
  const take = async (name: string, lane: Lane, load?: Load, client?: string) => {
    const release = await slots.take(lane, load, client);
    if (release) releases.set(name, release);
    had.push(release ? name : `${name} sent away`);
  };
  return {
    had,
    take: (name: string, lane: Lane, load?: Load, client?: string) => void take(name, lane, load, client),
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
    for (const name of ['a1', 'a2', 'a3', 'a4']) take(name, 'transactional', undefined, 'a');
    take('c1', 'bulk', undefined, 'c');
    take('b1', 'transactional', undefined, 'b');
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

  it('long ones hold half of the connections; a short one finds another at once', async () => {
    const { had, take, release } = start(4);
    const long = { bytes: 1, isLong: true };
    for (let n = 1; n <= 20; n += 1) take(`l${n}`, 'transactional', long);
    take('s1', 'transactional');
    take('s2', 'transactional');
    take('s3', 'transactional');
    await setImmediate();
    expect(had).toEqual(['l1', 'l2', 's1', 's2']);
    // The one that came first has what is free, where it may.
    await release('s1');
    expect(had.at(-1)).toBe('s3');
    // A long one is under way: while there are short ones, that is enough.
    await release('l1');
    expect(had).toHaveLength(5);
    await release('l2');
    expect(had.at(-1)).toBe('l3');
  });

  it('long ones hold half of the connections again once there has been no short one for a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { had, take, release } = start(10);
      const long = { bytes: 1, isLong: true };
      take('s1', 'bulk');
      for (let n = 1; n <= 20; n += 1) take(`l${n}`, 'transactional', long);
      await setImmediate();
      expect(had).toEqual(['s1', 'l1', 'l2']);
      vi.advanceTimersByTime(5_000);
      await release('s1');
      take('s2', 'transactional');
      await setImmediate();
      vi.advanceTimersByTime(999);
      await release('s2');
      vi.advanceTimersByTime(999);
      await setImmediate();
      expect(had).toEqual(['s1', 'l1', 'l2', 's2']);
      vi.advanceTimersByTime(1);
      await setImmediate();
      expect(had.slice(4)).toEqual(['l3', 'l4', 'l5']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('while short ones wait, long ones get a fifth of the connections, and that they get', async () => {
    const { had, take, release } = start(10);
    const long = { bytes: 1, isLong: true };
    for (let n = 1; n <= 20; n += 1) take(`l${n}`, 'transactional', long, 'a');
    for (let n = 1; n <= 20; n += 1) take(`s${n}`, 'transactional', undefined, 'b');
    await setImmediate();
    expect(had).toEqual(['l1', 'l2', 'l3', 'l4', 'l5', 's1', 's2', 's3', 's4', 's5']);
    for (const name of ['l1', 'l2', 'l3']) await release(name);
    expect(had.slice(10)).toEqual(['s6', 's7', 's8']);
    await release('l4');
    await release('s1');
    expect(had.slice(13).toSorted()).toEqual(['l6', 's9']);
    for (let n = 2; n <= 20; n += 1) await release(`s${n}`);
    expect(had.filter((name) => name.startsWith('l'))).toHaveLength(6);
  });

  it.each<[string, Load]>([
    ['that are held in memory', { bytes: 1, isLong: false }],
    ['that are long', { bytes: 0, isLong: true }],
  ])('emails %s take turns with the small ones of another client, however many came before', async (_, load) => {
    const { had, take, release } = start(1);
    for (const name of ['a1', 'a2', 'a3', 'a4']) take(name, 'bulk', load, 'a');
    for (const name of ['b1', 'b2', 'b3']) take(name, 'bulk', undefined, 'b');
    await setImmediate();
    for (const name of ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']) await release(name);
    expect(had).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4']);
  });

  it('a client has its own in the order in which they came', async () => {
    const { had, take, release } = start(1);
    const held = { bytes: 1, isLong: false };
    for (const name of ['h1', 'h2']) take(name, 'bulk', held, 'a');
    for (const name of ['l1', 'l2']) take(name, 'bulk', undefined, 'a');
    await setImmediate();
    for (const name of ['h1', 'h2', 'l1']) await release(name);
    expect(had).toEqual(['h1', 'h2', 'l1', 'l2']);
  });

  it('contents wait for memory, of all relays together; more than all of it goes alone', async () => {
    const memory = createMemory(100);
    const [one, other] = [start(4, memory), start(4, memory)];
    const holding = (bytes: number) => ({ bytes, isLong: false });
    one.take('60', 'transactional', holding(60));
    other.take('50', 'transactional', holding(50));
    one.take('300', 'transactional', holding(300));
    one.take('small', 'transactional');
    await setImmediate();
    expect([one.had, other.had]).toEqual([['60', 'small'], []]);
    await one.release('60');
    expect([one.had.at(-1), other.had]).toEqual(['300', []]);
    await one.release('300');
    expect(other.had).toEqual(['50']);
    one.close();
    other.close();
  });
});
