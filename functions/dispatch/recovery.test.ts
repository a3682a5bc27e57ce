import { describe, expect, it } from 'vitest';
import { createRecovery } from './recovery.ts';

function recoveryAt() {
  const clock = { now: 0 };
  return { clock, recovery: createRecovery(() => clock.now) };
}

describe('what looks abandoned', () => {
  it('is taken at once where there was no outage', () => {
    const { recovery } = recoveryAt();
    expect(recovery.isOver()).toBe(true);
    recovery.succeeded(20);
    expect(recovery.isOver()).toBe(true);
  });

  it('is left while the database fails, and for 5 s after the first round that works', () => {
    const { clock, recovery } = recoveryAt();
    recovery.failed();
    clock.now = 60_000;
    expect(recovery.isOver()).toBe(false);
    recovery.succeeded(20);
    clock.now += 4_999;
    // Further rounds do not put it off.
    recovery.succeeded(20);
    expect(recovery.isOver()).toBe(false);
    clock.now += 1;
    expect(recovery.isOver()).toBe(true);
  });

  it('is left anew when the database goes again in this time', () => {
    const { clock, recovery } = recoveryAt();
    recovery.failed();
    recovery.succeeded(20);
    clock.now += 4_000;
    recovery.failed();
    clock.now += 4_000;
    expect(recovery.isOver()).toBe(false);
    recovery.succeeded(20);
    clock.now += 4_000;
    expect(recovery.isOver()).toBe(false);
  });

  it('is left for 5 s after a round that had to wait for its rows', () => {
    const { clock, recovery } = recoveryAt();
    recovery.succeeded(30_000);
    expect(recovery.isOver()).toBe(false);
    clock.now += 5_000;
    expect(recovery.isOver()).toBe(true);
  });
});
