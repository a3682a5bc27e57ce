import { afterEach, describe, expect, it, vi } from 'vitest';
import { newId } from './new-id.ts';

afterEach(() => vi.useRealTimers());

describe('newId', () => {
  it('makes UUIDv7 of this time, each greater than the one before', () => {
    const from = Date.now();
    const ids = Array.from({ length: 20_000 }, newId);
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
    const before = newId();
    vi.useFakeTimers({ now: Date.now() - 60_000, toFake: ['Date'] });
    const after = Array.from({ length: 3 }, newId);
    expect([before, ...after]).toEqual([before, ...after].toSorted());
  });
});
