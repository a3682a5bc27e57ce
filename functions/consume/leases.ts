// Claims under way in this process: renewed together as long as their attempts run, and how long each surely holds, by the clock of this machine.

import type { Log } from '../../lib/process/log.ts';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';

/** A claim of this process, as far as it is renewed. */
export type HeldClaim = Pick<ClaimedEmail, 'id' | 'attempts'>;

export interface Lease {
  /** Throws `LeaseUncertainError` unless the claim holds for long enough to do what cannot be undone. Asks nobody. */
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
  /** Resolves with the ids of the claims that still held, which now hold for another lease. */
  renew: (claims: HeldClaim[]) => Promise<ReadonlySet<string>>;
  log: Log;
}

/** The claim was lost, or could not be renewed for so long that it might be: somebody else may be about to send the same email. */
export class LeaseUncertainError extends Error {
  override readonly name = 'LeaseUncertainError';
}

/** A claim is renewed when so much of its lease has gone by. Most attempts are over long before. */
const renewAfter = 1 / 6;
/** How often that is looked at, in leases. */
const lookEvery = 1 / 24;
/**
 * What must be left of the lease when transmission begins and when the final dot is sent: while the reply is waited for, it is
 * renewed, but on a machine that stands still for a while, or with a database that refuses, that takes its time.
 */
const enoughLeft = 1 / 2;
/** As soon as the database is back: dispatch waits for a moment, and only a little later takes what looks abandoned. */
const retryMs = 200;

export function createLeases({ leaseMs, renew, log }: LeasesOptions): Leases {
  /** By claim, until when it holds: counted from before the statement that took or renewed it was sent. */
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
        // One that was released meanwhile needs no lease any more.
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
