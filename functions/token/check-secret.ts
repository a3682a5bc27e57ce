// Checks a client's secret: one that was right a moment ago passes at once, wrong ones are slowed, the rest costs one scrypt.
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { StoredSecret } from '../../lib/store/clients/clients.ts';
import { decoyHash, findFitting } from './secret-hash.ts';
import { callerNetwork, type Failures, waitMs, withOneMore } from './slowdown.ts';

export interface SecretToCheck {
  clientId: string;
  secret: string;
  /** The right ones; none for a client that does not exist, which must not show in the time taken. */
  stored: readonly StoredSecret[];
  /** Address of the caller. */
  address: string;
}

export type SecretCheck =
  | { outcome: 'right' }
  | { outcome: 'wrong' }
  | { outcome: 'slowed'; retryAfterSeconds: number }
  /** Too many checks are under way: nobody knows yet. */
  | { outcome: 'busy' };

export interface SecretCheckOptions {
  now?: () => number;
  /** Stands in for scrypt where a test counts how often it runs. */
  find?: typeof findFitting;
  /** Told which secret was right, once for as long as that is remembered. */
  noteUse?: (secretId: number) => Promise<void>;
}

/** How long a right secret is remembered. */
const rememberedMs = 60_000;
/** Secrets and callers remembered at most; some 200 bytes each. */
const capacity = 10_000;
/** Checks under way at most: on two cores, some 4 s of work. */
const mostUnderWay = 100;

export function createSecretCheck({
  now = Date.now,
  find = findFitting,
  noteUse = async () => {},
}: SecretCheckOptions = {}) {
  // What is remembered is worth nothing to whoever reads the memory of another process, or a dump without this key.
  const fingerprintKey = randomBytes(32);
  const known = new LRUCache<string, true>({
    max: capacity,
    // The last millisecond counts whole.
    ttl: rememberedMs - 1,
    // Time is asked for each time, not once a millisecond: it may be a test's.
    perf: { now },
    ttlResolution: 0,
  });
  const failuresOf = new LRUCache<string, Failures>({ max: capacity });
  const underWay = new Map<string, Promise<SecretCheck>>();

  /** Holds the stored hashes, too: when a secret is rolled, removed or expires, what was remembered of it no longer fits. */
  function fingerprintOf({ clientId, secret, stored }: SecretToCheck): string {
    const parts = JSON.stringify([clientId, secret, stored.map(({ hash }) => hash)]);
    return createHmac('sha256', fingerprintKey).update(parts).digest('base64');
  }

  async function runCheck(
    { secret, stored }: SecretToCheck,
    fingerprint: string,
    caller: string,
  ): Promise<SecretCheck> {
    const fitting = await find(secret, stored.length > 0 ? stored.map(({ hash }) => hash) : [decoyHash]);
    const right = stored.find(({ hash }) => hash === fitting);
    if (right === undefined) return { outcome: 'wrong' };
    known.set(fingerprint, true);
    failuresOf.delete(caller);
    await noteUse(right.id);
    return { outcome: 'right' };
  }

  return async (check: SecretToCheck): Promise<SecretCheck> => {
    const fingerprint = fingerprintOf(check);
    if (known.has(fingerprint)) return { outcome: 'right' };
    // A burst of the same credentials is one check, and one guess.
    const sameCheck = underWay.get(fingerprint);
    if (sameCheck) return sameCheck;

    const caller = `${check.clientId} ${callerNetwork(check.address)}`;
    const wait = waitMs(failuresOf.get(caller), now());
    if (wait > 0) return { outcome: 'slowed', retryAfterSeconds: Math.ceil(wait / 1000) };
    if (underWay.size >= mostUnderWay) return { outcome: 'busy' };

    // Counted before it is known, or any number of guesses at the same moment would be free.
    failuresOf.set(caller, withOneMore(failuresOf.get(caller), now()));
    const running = runCheck(check, fingerprint, caller).finally(() => underWay.delete(fingerprint));
    underWay.set(fingerprint, running);
    return running;
  };
}
