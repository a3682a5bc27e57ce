import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Claim, createByteBudget } from './byte-budget.ts';

const budget = () => createByteBudget({ bytes: 100, waitMs: 20, mostWaiting: 2 });

/** Whether it is there at once. */
function isThere(claim: Claim, bytes: number): boolean {
  const wait = claim.resize(bytes);
  wait?.catch(() => {});
  return wait === undefined;
}

describe('a holder', () => {
  it('alone has half, so that the next one finds room at once', () => {
    const { claim } = budget();
    expect(isThere(claim('a'), 30)).toBe(true);
    expect(isThere(claim('a'), 20)).toBe(true);
    expect(isThere(claim('a'), 1)).toBe(false);
    expect(isThere(claim('b'), 50)).toBe(true);
  });

  it('who holds nothing gets what is there, even all of it', () => {
    const { claim } = budget();
    expect(isThere(claim('a'), 1_000)).toBe(true);
    expect(isThere(claim('b'), 1)).toBe(false);
  });

  it('is told 429 when it waits in vain for its own, 503 for that of others', async () => {
    const { claim } = budget();
    await claim('a').resize(50);
    await expect(claim('a').resize(10)).rejects.toMatchObject({ code: 'rate_limit_exceeded' });
    await expect(claim('b').resize(60)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('waits with some requests; more of them are refused at once', () => {
    const { claim } = budget();
    claim('a').resize(50);
    expect(isThere(claim('a'), 10)).toBe(false);
    expect(isThere(claim('a'), 10)).toBe(false);
    expect(() => claim('a').resize(10)).toThrow('too many');
  });
});

it('what is given back goes to who holds least, whoever came first', async () => {
  const shared = budget();
  const claim = (holder: string, bytes: number) => {
    const made = shared.claim(holder);
    return { made, wait: made.resize(bytes) };
  };
  const whole = claim('x', 100);
  const order: string[] = [];
  // Holds something already, though it came in no other way than by force.
  shared.claim('greedy').set(10);
  claim('greedy', 20).wait?.then(() => order.push('greedy'));
  claim('modest', 60).wait?.then(() => order.push('modest'));
  whole.made.release();
  await setImmediate();
  expect(order).toEqual(['modest', 'greedy']);
  expect(shared.used).toBe(90);
});

it('counts what is released while it waits as given back', async () => {
  const shared = budget();
  const first = shared.claim('a');
  first.resize(100);
  const second = shared.claim('b');
  const wait = second.resize(40);
  second.release();
  first.release();
  await wait;
  expect(shared.used).toBe(0);
});
