import { describe, expect, it } from 'vitest';
import { createRecovery } from './recovery.ts';

function recoveryAt() {
  const clock = { now: 0 };
  const recovery = createRecovery(() => clock.now);
  const look = (touchOne: () => Promise<boolean> = async () => true) => recovery.prove(touchOne);
  return {
    clock,
    recovery,
    /** A round that finds an ended lease: how long ago those have ended that may be taken. */
    look,
    /** Such rounds, as often as dispatch makes them. */
    async lookFor(ms: number) {
      for (const until = clock.now + ms; clock.now < until; ) {
        clock.now += Math.min(250, until - clock.now);
        await look();
      }
      return recovery.endedForMs();
    },
  };
}

describe('a lease that has ended', () => {
  it('is taken 1.5 s after the first write that succeeded since, also by a process that has just started', async () => {
    const { look, lookFor, recovery } = recoveryAt();
    expect(await look()).toBeUndefined();
    expect(recovery.isProving()).toBe(true);
    expect(await lookFor(1_499)).toBeUndefined();
    expect(await lookFor(1)).toBe(1_500);
    expect(recovery.isProving()).toBe(false);
  });

  it('is not taken for writes that succeeded before its end', async () => {
    const { clock, look, lookFor } = recoveryAt();
    await lookFor(10_000);
    // Of those that end from now on, none is old enough, though writes have long succeeded.
    expect(await lookFor(1_250)).toBeGreaterThanOrEqual(1_500);
    // Whatever happened since the last write: it has to have ended before that.
    clock.now += 3_000;
    expect(await look()).toBe(3_000);
  });

  it('is no concern where there is none', async () => {
    const { clock, look, recovery } = recoveryAt();
    for (let rounds = 0; rounds < 5; rounds += 1) {
      clock.now += 1_000;
      expect(await look(async () => false)).toBeUndefined();
      expect([recovery.isProving(), recovery.endedForMs()]).toEqual([false, undefined]);
    }
    // Nothing was written.
    expect(await look()).toBeUndefined();
  });

  it('is left again once nothing was written for long: writes may have been refused meanwhile', async () => {
    const { clock, look, lookFor } = recoveryAt();
    await lookFor(3_000);
    clock.now += 6_501;
    expect(await look()).toBeUndefined();
    expect(await lookFor(1_499)).toBeUndefined();
    expect(await lookFor(1)).toBe(1_500);
  });

  it('is left while the database fails, and for 5 s after the first write that succeeds', async () => {
    const { clock, look, lookFor, recovery } = recoveryAt();
    await lookFor(3_000);
    recovery.failed();
    expect(recovery.endedForMs()).toBeUndefined();
    clock.now += 60_000;
    expect(await look()).toBeUndefined();
    expect(await lookFor(4_999)).toBeUndefined();
    // From then on as ever.
    expect(await lookFor(1)).toBe(1_500);
  });

  it('is left while the write itself is refused', async () => {
    const { look, lookFor, recovery } = recoveryAt();
    await lookFor(3_000);
    await expect(look(() => Promise.reject(new Error('read-only')))).rejects.toThrow('read-only');
    recovery.failed();
    expect(await look()).toBeUndefined();
    expect(await lookFor(4_999)).toBeUndefined();
  });

  it('is left anew when the database goes again in this time', async () => {
    const { lookFor, recovery } = recoveryAt();
    recovery.failed();
    expect(await lookFor(4_000)).toBeUndefined();
    recovery.failed();
    expect(await lookFor(5_000)).toBeUndefined();
    expect(await lookFor(250)).toBe(1_500);
  });

  it('is left anew after a write, or a lock, that had to wait', async () => {
    const { clock, look, lookFor, recovery } = recoveryAt();
    await lookFor(3_000);
    const slow = async () => {
      clock.now += 2_000;
      return true;
    };
    expect(await look(slow)).toBeUndefined();
    expect(await lookFor(1_499)).toBeUndefined();
    expect(await lookFor(1)).toBe(3_500);
    recovery.locked(30_000);
    expect(await look()).toBeUndefined();
    expect(await lookFor(1_500)).toBe(1_500);
  });
});
