import { describe, expect, it } from 'vitest';
import { leastMs, leastTurnMs, processorMs } from './cost.ts';

/** The processor's, so that it is as dear on a machine that has no time for it. */
function work(ms: number): void {
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system > ms * 1_000) return;
  }
}
const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
/** Dear but for one time. */
const mostly = (ms: number) => {
  let runs = 0;
  return () => {
    runs += 1;
    if (runs !== 3) work(ms);
  };
};

describe('the least of several runs', () => {
  it('is too much where each of them is', () => {
    // However slow the machine, it is not a hundred times slower.
    expect(leastMs(() => work(100), 1, 2)).toBeGreaterThan(1);
  });

  it('is little where one of them was', () => expect(leastMs(mostly(150), 50)).toBeLessThanOrEqual(50));

  it('is little where the machine did something else', () =>
    expect(leastMs(() => standStill(100), 50)).toBeLessThanOrEqual(50));

  it('is of no more runs than are needed', () => {
    let runs = 0;
    const run = () => {
      runs += 1;
    };
    leastMs(run, 1_000);
    expect(runs).toBe(1);
    leastMs(run, -1, 7);
    expect(runs).toBe(8);
  });
});

describe('the longest turn', () => {
  const turns = async (...each: number[]) => {
    for (const ms of each) {
      work(ms);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('is the dearest, not all of them', async () => {
    expect(await leastTurnMs(() => turns(...Array<number>(20).fill(10)), 100)).toBeLessThanOrEqual(100);
    expect(await leastTurnMs(() => turns(1, 200, 1), 2, 2)).toBeGreaterThan(2);
  });

  it('of work that fails is its failure', async () => {
    await expect(leastTurnMs(() => Promise.reject(new Error('no')), 5)).rejects.toThrow('no');
  });
});

it('of a process, its processors count and not its waiting', () => {
  const before = processorMs(process.pid);
  standStill(200);
  const waited = processorMs(process.pid);
  work(200);
  expect(waited - before).toBeLessThan(150);
  expect(processorMs(process.pid) - waited).toBeGreaterThan(150);
});
