import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLeases, type HeldClaim, LeaseUncertainError } from './leases.ts';

const leaseMs = 600;
const claim = { id: 'a', attempts: 1 };
const log = { debug() {}, info() {}, warn() {}, error() {} };
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

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
    expect(isSure(leases.keep(claim, performance.now() - leaseMs / 2))).toBe(false);
  });

  it('holds for as long as it is renewed', async () => {
    const lease = leasesThat(all).keep(claim, performance.now());
    for (let look = 0; look < 20; look++) {
      await setTimeout(leaseMs / 10);
      expect(isSure(lease)).toBe(true);
    }
  });

  it('is uncertain after a renewal that took too long, and sure again after the next', async () => {
    const renew = vi.fn(all);
    renew.mockImplementationOnce(async (claims) => {
      await setTimeout(leaseMs);
      return all(claims);
    });
    const lease = leasesThat(renew).keep(claim, performance.now());
    await expect.poll(() => isSure(lease), { interval: 5 }).toBe(false);
    await expect.poll(() => renew.mock.settledResults[0]?.type, { interval: 1 }).toBe('fulfilled');
    // It was given when it was asked for.
    expect([isSure(lease), renew.mock.calls.length]).toEqual([false, 1]);
    await expect.poll(() => isSure(lease), { interval: 5 }).toBe(true);
  });

  it('is uncertain while the database refuses, and is renewed as soon as it does not', async () => {
    let refuses = true;
    const renew = vi.fn(async (claims: HeldClaim[]) => {
      if (refuses) throw Object.assign(new Error('read-only'), { code: '25006' });
      return all(claims);
    });
    const lease = leasesThat(renew).keep(claim, performance.now());
    await expect.poll(() => isSure(lease), { interval: 5 }).toBe(false);
    refuses = false;
    const tries = renew.mock.calls.length;
    await expect.poll(() => isSure(lease), { interval: 5, timeout: 300 }).toBe(true);
    expect(renew.mock.calls.length).toBe(tries + 1);
  });

  it('that somebody else has is lost for good', async () => {
    const lease = leasesThat(async () => new Set()).keep(claim, performance.now());
    await expect.poll(() => isSure(lease), { interval: 5 }).toBe(false);
    await setTimeout(leaseMs / 4);
    expect(isSure(lease)).toBe(false);
  });

  it('is uncertain when the process has stood still, before any timer has run', () => {
    const lease = leasesThat(all).keep(claim, performance.now());
    const until = performance.now() + leaseMs / 2;
    while (performance.now() < until);
    expect(isSure(lease)).toBe(false);
  });

  it('that was released is renewed no more', async () => {
    const renew = vi.fn(all);
    leasesThat(renew).keep(claim, performance.now()).release();
    await setTimeout(leaseMs / 2);
    expect(renew).not.toHaveBeenCalled();
  });
});
