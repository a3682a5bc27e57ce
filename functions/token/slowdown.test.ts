import { describe, expect, it } from 'vitest';
import { callerNetwork, type Failures, waitMs, withOneMore } from './slowdown.ts';

const minute = 60_000;

describe('the wait before the next check', () => {
  it.each([
    [0, 0],
    [1, 0],
    [4, 0],
    [5, 1_000],
    [6, 2_000],
    [7, 4_000],
    [10, 32_000],
    [11, 60_000],
    [5_000, 60_000],
  ])('after %i failures in a row is %i ms', (count, expected) => {
    expect(waitMs({ count, lastAt: 7 }, 7)).toBe(expected);
  });

  it.each([
    [0, 2_000],
    [1_999, 1],
    [2_000, 0],
    [9_999, 0],
  ])('is counted from the last of them: %i ms later it is %i ms', (later, expected) => {
    expect(waitMs({ count: 6, lastAt: 1_000 }, 1_000 + later)).toBe(expected);
  });

  it('is none for a caller that never failed', () => {
    expect(waitMs(undefined, 0)).toBe(0);
  });
});

describe('one more failure', () => {
  it.each<[string, Failures | undefined, Failures]>([
    ['the first', undefined, { count: 1, lastAt: 20 * minute }],
    ['soon after others', { count: 5, lastAt: 6 * minute }, { count: 6, lastAt: 20 * minute }],
    ['long after others', { count: 5, lastAt: 4 * minute }, { count: 1, lastAt: 20 * minute }],
  ])('%s', (_, before, after) => {
    expect(withOneMore(before, 20 * minute)).toEqual(after);
  });
});

describe('the network of a caller', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::7', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', 'unknown'],
    ['x'.repeat(1000), 'unknown'],
    ['1:2:3', 'unknown'],
  ])('%s is %s', (address, expected) => {
    expect(callerNetwork(address)).toBe(expected);
  });
});
