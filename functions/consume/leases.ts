// Claims under way in this process: renewed together as long as their attempts run, so that a long conversation is not taken for a dead worker.

import type { Log } from '../../lib/process/log.ts';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';

type Claim = Pick<ClaimedEmail, 'id' | 'attempts'>;

export interface Claims {
  /** Renews the claim until the returned function is called. */
  keep(claim: Claim): () => void;
  stop(): void;
}

/** Renewed this many times within a lease, so that one lost renewal does not cost it. */
const renewalsPerLease = 3;

export function createLeases(leaseMs: number, renew: (claims: Claim[]) => Promise<void>, log: Log): Claims {
  const underWay = new Map<Claim, number>();
  const intervalMs = leaseMs / renewalsPerLease;

  let renewing = false;
  const timer = setInterval(() => {
    if (renewing) return;
    // Young claims need no renewal: most attempts are over long before.
    const old = [...underWay].filter(([, since]) => performance.now() - since >= intervalMs).map(([claim]) => claim);
    if (old.length === 0) return;
    renewing = true;
    renew(old)
      .catch((error) => log.warn('leases not renewed', { claims: old.length, error }))
      .finally(() => {
        renewing = false;
      });
  }, intervalMs);
  timer.unref();

  return {
    keep({ id, attempts }) {
      const claim = { id, attempts };
      underWay.set(claim, performance.now());
      return () => underWay.delete(claim);
    },
    stop: () => clearInterval(timer),
  };
}
