import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLeases, type HeldClaim, LeaseUncertainError } from './leases.ts';

const leaseMs = 600;
const claim = { id: 'a', attempts: 1 };
const log = { debug() {}, info() {}, warn() {}, error() {} };
const cleanups: (() => void)[] = [];
// A clock that only the tests move: on one that goes by itself, a machine that stalls loses leases as it should.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
  vi.restoreAllMocks();
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function leasesThat(renew: (claims: HeldClaim[]) => Promise<ReadonlySet<string>>) {
  const leases = createLeases({ leaseMs, renew, log });
  cleanups.push(leases.stop);
  return leases;
}
const all = async (claims: HeldClaim[]) => new Set(claims.map(({ id }) => id));
const isSure = (lease: { check(): void }) => {
  try {
    lease.check();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(LeaseUncertainError);
    return false;
  }
};

describe('a lease', () => {
  it('holds from before it was asked for, not from when the answer came', () => {
    const leases = leasesThat(all);
    expect(isSure(leases.keep(claim, performance.now()))).toBe(true);
    expect(isSure(leases.keep(claim, performance.now() - leaseMs / 2 - 1))).toBe(false);
  });

  it('holds for as long as it is renewed', async () => {
    const lease = leasesThat(all).keep(claim, performance.now());
    for (let look = 0; look < 20; look++) {
      await pass(leaseMs / 10);
      expect(isSure(lease)).toBe(true);
    }
  });

  it('is uncertain after a renewal that took too long, and sure again after the next', async () => {
    const renew = vi.fn(all);
    renew.mockImplementationOnce(async (claims) => {
      await new Promise((resolve) => setTimeout(resolve, leaseMs));
      return all(claims);
    });
    const lease = leasesThat(renew).keep(claim, performance.now());
    const until = async (isTrue: () => boolean) => {
      for (let moves = 0; !isTrue() && moves < leaseMs; moves += 1) await pass(5);
      expect(isTrue()).toBe(true);
    };
    await until(() => !isSure(lease));
    await until(() => renew.mock.settledResults[0]?.type === 'fulfilled');
    // It was given when it was asked for.
    expect([isSure(lease), renew.mock.calls.length]).toEqual([false, 1]);
    await until(() => isSure(lease));
    expect(renew.mock.calls.length).toBe(2);
  });

  it('is uncertain while the database refuses, and is renewed as soon as it does not', async () => {
    let refuses = true;
    const renew = vi.fn(async (claims: HeldClaim[]) => {
      if (refuses) throw Object.assign(new Error('read-only'), { code: '25006' });
      return all(claims);
    });
    const lease = leasesThat(renew).keep(claim, performance.now());
    await pass(leaseMs);
    expect(isSure(lease)).toBe(false);
    refuses = false;
    const tries = renew.mock.calls.length;
    await pass(leaseMs / 20);
    expect(isSure(lease)).toBe(true);
    expect(renew.mock.calls.length).toBe(tries + 1);
  });

  it('that somebody else has is lost for good', async () => {
    const lease = leasesThat(async () => new Set()).keep(claim, performance.now());
    await pass(leaseMs / 2);
    expect(isSure(lease)).toBe(false);
    await pass(leaseMs * 2);
    expect(isSure(lease)).toBe(false);
  });

  it('is uncertain when the process has stood still, before any timer has run', () => {
    const renew = vi.fn(all);
    const lease = leasesThat(renew).keep(claim, performance.now());
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + leaseMs / 2 + 1);
    expect(isSure(lease)).toBe(false);
    expect(renew).not.toHaveBeenCalled();
  });

  it('that was released is renewed no more', async () => {
    const renew = vi.fn(all);
    leasesThat(renew).keep(claim, performance.now()).release();
    await pass(leaseMs * 2);
    expect(renew).not.toHaveBeenCalled();
  });
});
