// What we rely on of libraries that hold what callers can fill: it must have an end.
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';

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
