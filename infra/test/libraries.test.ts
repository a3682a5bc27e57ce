// What we rely on of libraries: what callers can fill has an end, work takes turns, and ids ascend.
import { setImmediate as turn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => vi.useRealTimers());

describe('lru-cache', () => {
  it('forgets the entry that was set longest ago when it is full', () => {
    const map = new LRUCache<string, number>({ max: 2 });
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([3, undefined, 4, 2]);
  });

  it('has room again after a deletion', () => {
    const map = new LRUCache<string, number>({ max: 2 });
    map.set('a', 1);
    map.set('b', 2);
    map.delete('b');
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  it('gives an entry to those who wait for it, though it had to make room while it was fetched', async () => {
    let finish = (_value: string) => {};
    const slow = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const cache = new LRUCache<string, string>({
      maxSize: 5,
      sizeCalculation: ({ length }) => length,
      fetchMethod: (key) => (key === 'slow' ? slow : key),
      ignoreFetchAbort: true,
    });
    const waiting = cache.forceFetch('slow');
    await cache.forceFetch('other');
    finish('fetched');
    expect(await waiting).toBe('fetched');
  });
});

describe('p-limit', () => {
  it('has so many under way, and begins the others in their order as those end, well or not', async () => {
    const limit = pLimit(2);
    const begun: string[] = [];
    const ends = new Map<string, { resolve: (result: string) => void; reject: (error: Error) => void }>();
    const work = (name: string) =>
      limit(() => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => ends.set(name, { resolve, reject }));
      });
    const results = Promise.allSettled(['a', 'b', 'c', 'd'].map(work));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    ends.get('b')?.reject(new Error('broken'));
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    ends.get('a')?.resolve('A');
    await turn();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    ends.get('c')?.resolve('C');
    ends.get('d')?.resolve('D');
    expect((await results).map((result) => (result.status === 'fulfilled' ? result.value : 'failed'))).toEqual([
      'A',
      'failed',
      'C',
      'D',
    ]);
    const later = await limit(async () => 'free again');
    expect(later).toBe('free again');
  });
});

describe('uuid', () => {
  it('makes UUIDv7 of this time, each greater than the one before', () => {
    const from = Date.now();
    const ids = Array.from({ length: 20_000 }, () => uuidv7());
    const to = Date.now();
    expect(
      ids.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toEqual([]);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids.map((id) => id.slice(-8))).size).toBeGreaterThan(19_900);
    const times = ids.map((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(from);
    expect(Math.max(...times)).toBeLessThanOrEqual(to);
  });

  it('goes on ascending when the clock is set back', () => {
    const before = uuidv7();
    vi.useFakeTimers({ now: Date.now() - 60_000, toFake: ['Date'] });
    const after = Array.from({ length: 3 }, () => uuidv7());
    expect([before, ...after]).toEqual([before, ...after].toSorted());
  });
});
