// The leases of this process: renews them together while their attempts run, and knows until when each surely holds, by this machine's clock.

import type { Log } from '../../lib/process/log.ts';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';

/** A claim of this process, as far as it is renewed. */
export type HeldClaim = Pick<ClaimedEmail, 'id' | 'attempts'>;

export interface Lease {
  /** Throws `LeaseUncertainError` unless the claim holds long enough to transmit. Does not ask the database. */
  check(): void;
  /** The attempt is over. */
  release(): void;
}

export interface Leases {
  /** Renews the claim until it is released. `askedAt`: when the claim was asked for, on the clock of `performance.now()`. */
  keep(claim: HeldClaim, askedAt: number): Lease;
  stop(): void;
}

export interface LeasesOptions {
  leaseMs: number;
  /** Resolves with the ids of the claims that still held; each now holds for another lease. */
  renew: (claims: HeldClaim[]) => Promise<ReadonlySet<string>>;
  log: Log;
}

/** The claim was lost, or went without renewal so long that it may be lost: another worker may be about to send the same email. */
export class LeaseUncertainError extends Error {
  override readonly name = 'LeaseUncertainError';
}

/** A claim is renewed after this share of its lease. Most attempts end long before. */
const renewAfter = 1 / 6;
/** Pause between two checks, as a share of the lease. */
const lookEvery = 1 / 24;
/**
 * Share of the lease that must be left when transmission begins and when the final dot is sent. The lease is renewed while we wait
 * for the reply, but the renewal may be late if the machine stalls or the database refuses.
 */
const enoughLeft = 1 / 2;
/** Pause after a failed renewal. Once the database is back, dispatch waits only a little before it takes expired leases. */
const retryMs = 200;

export function createLeases({ leaseMs, renew, log }: LeasesOptions): Leases {
  /** Until when each claim holds, counted from before the statement that took or renewed it was sent. */
  const underWay = new Map<HeldClaim, number>();
  const lookMs = leaseMs * lookEvery;
  let failing = false;
  let timer = setTimeout(look, lookMs);
  timer.unref();
  let stopped = false;

  async function look(): Promise<void> {
    const now = performance.now();
    const old = [...underWay].filter(([, until]) => until - now < leaseMs * (1 - renewAfter)).map(([claim]) => claim);
    if (old.length > 0) await renewAll(old);
    if (stopped) return;
    timer = setTimeout(look, failing ? Math.min(retryMs, lookMs) : lookMs);
    timer.unref();
  }

  async function renewAll(claims: HeldClaim[]): Promise<void> {
    const askedAt = performance.now();
    try {
      const renewed = await renew(claims);
      for (const claim of claims) {
        // Skip a claim that was released meanwhile.
        if (underWay.has(claim))
          underWay.set(claim, renewed.has(claim.id) ? askedAt + leaseMs : Number.NEGATIVE_INFINITY);
      }
      if (failing) log.info('leases are renewed again', { claims: claims.length });
      failing = false;
    } catch (error) {
      if (!failing) log.warn('leases not renewed, trying again', { claims: claims.length, error });
      failing = true;
    }
  }

  return {
    keep({ id, attempts }, askedAt) {
      const claim = { id, attempts };
      underWay.set(claim, askedAt + leaseMs);
      return {
        check() {
          const left = (underWay.get(claim) ?? Number.NEGATIVE_INFINITY) - performance.now();
          if (left >= leaseMs * enoughLeft) return;
          throw new LeaseUncertainError(
            left === Number.NEGATIVE_INFINITY ? 'the claim was lost' : `of the lease, ${Math.round(left)} ms are left`,
          );
        },
        release: () => underWay.delete(claim),
      };
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
