import { describe, expect, it } from 'vitest';
import { createRecovery } from './recovery.ts';

function recoveryAt() {
  const clock = { now: 0 };
  const recovery = createRecovery(() => clock.now);
  const found = async () => true;
  return {
    clock,
    recovery,
    /** A round that finds an ended lease: whether it may be taken. */
    look: (touchOne: () => Promise<boolean> = found) => recovery.prove(touchOne),
    /** Such rounds, as often as dispatch makes them. */
    async lookFor(ms: number) {
      for (const until = clock.now + ms; clock.now < until; ) {
        clock.now += Math.min(250, until - clock.now);
        await recovery.prove(found);
      }
      return recovery.isOver();
    },
  };
}

describe('what looks abandoned', () => {
  it('is taken 1.5 s after the first write that succeeds, also by a process that has just started', async () => {
    const { look, lookFor, recovery } = recoveryAt();
    expect(await look()).toBe(false);
    expect(recovery.isProving()).toBe(true);
    expect(await lookFor(1_499)).toBe(false);
    expect(await lookFor(1)).toBe(true);
    expect(recovery.isProving()).toBe(false);
    // And so is what is abandoned soon after.
    expect(await lookFor(4_000)).toBe(true);
  });

  it('is no concern where there is nothing', async () => {
    const { look, recovery } = recoveryAt();
    expect(await look(async () => false)).toBe(false);
    expect([recovery.isProving(), recovery.isOver()]).toEqual([false, false]);
  });

  it('is left again once nothing was written for a while: writes may have been refused meanwhile', async () => {
    const { clock, look, lookFor } = recoveryAt();
    await lookFor(3_000);
    clock.now += 5_001;
    expect(await look()).toBe(false);
    expect(await lookFor(1_499)).toBe(false);
    expect(await lookFor(1)).toBe(true);
  });

  it('is left while the database fails, and for 5 s after the first write that succeeds', async () => {
    const { clock, look, lookFor, recovery } = recoveryAt();
    await lookFor(3_000);
    recovery.failed();
    expect(recovery.isOver()).toBe(false);
    clock.now += 60_000;
    expect(await look()).toBe(false);
    expect(await lookFor(4_999)).toBe(false);
    expect(await lookFor(1)).toBe(true);
  });

  it('is left while the write itself is refused', async () => {
    const { look, lookFor, recovery } = recoveryAt();
    await lookFor(3_000);
    await expect(look(() => Promise.reject(new Error('read-only')))).rejects.toThrow('read-only');
    recovery.failed();
    expect(await look()).toBe(false);
    expect(await lookFor(4_999)).toBe(false);
  });

  it('is left anew when the database goes again in this time', async () => {
    const { lookFor, recovery } = recoveryAt();
    recovery.failed();
    expect(await lookFor(4_000)).toBe(false);
    recovery.failed();
    expect(await lookFor(4_000)).toBe(false);
    expect(await lookFor(1_250)).toBe(true);
  });

  it('is left anew after a write, or a lock, that had to wait', async () => {
    const { clock, look, lookFor, recovery } = recoveryAt();
    await lookFor(3_000);
    const slow = async () => {
      clock.now += 2_000;
      return true;
    };
    expect(await look(slow)).toBe(false);
    expect(await lookFor(1_500)).toBe(true);
    recovery.locked(30_000);
    expect(await look()).toBe(false);
    expect(await lookFor(1_500)).toBe(true);
  });
});
