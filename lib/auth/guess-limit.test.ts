import { expect, it } from 'vitest';
import { createGuessLimit } from './guess-limit.ts';

function started() {
  const clock = { ms: 0 };
  const limit = createGuessLimit(() => clock.ms);
  const takeMany = (network: string, n: number) => Array.from({ length: n }, () => limit.take(network)).filter(Boolean);
  return { clock, limit, takeMany };
}

it('a network has 100 at once, then 10 a second, and no more than 100 however long it waits', () => {
  const { clock, takeMany } = started();
  expect(takeMany('a', 150)).toHaveLength(100);
  clock.ms = 99;
  expect(takeMany('a', 5)).toHaveLength(0);
  clock.ms = 1_000;
  expect(takeMany('a', 50)).toHaveLength(10);
  clock.ms = 1_000_000;
  expect(takeMany('a', 150)).toHaveLength(100);
});

it('another network has its own', () => {
  const { takeMany } = started();
  takeMany('a', 150);
  expect(takeMany('b', 150)).toHaveLength(100);
});

it('good keys use nothing up, and never give more than there was', () => {
  const { limit, takeMany } = started();
  for (let n = 0; n < 500; n += 1) {
    expect(limit.take('a')).toBe(true);
    limit.giveBack('a');
  }
  limit.giveBack('a');
  expect(takeMany('a', 150)).toHaveLength(100);
});
