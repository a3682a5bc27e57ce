// Checks a client's secret: one that was right a moment ago passes at once, wrong ones are slowed, the rest costs one scrypt.
import { createHmac, randomBytes } from 'node:crypto';
import { BoundedMap } from './bounded-map.ts';
import { decoyHash, verifySecret } from './secret-hash.ts';
import { callerNetwork, type Failures, waitMs, withOneMore } from './slowdown.ts';

export interface SecretToCheck {
  clientId: string;
  secret: string;
  /** What is stored of the right secret; undefined for a client that does not exist, which must not show in the time taken. */
  storedHash: string | undefined;
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
  verify?: (secret: string, storedHash: string) => Promise<boolean>;
}

/** How long a right secret is remembered. */
const rememberedMs = 60_000;
/** Secrets and callers remembered at most; some 200 bytes each. */
const capacity = 10_000;
/** Checks under way at most: on two cores, some 4 s of work. */
const mostUnderWay = 100;

export function createSecretCheck({ now = Date.now, verify = verifySecret }: SecretCheckOptions = {}) {
  // What is remembered is worth nothing to whoever reads the memory of another process, or a dump without this key.
  const fingerprintKey = randomBytes(32);
  const rightUntil = new BoundedMap<number>(capacity);
  const failuresOf = new BoundedMap<Failures>(capacity);
  const underWay = new Map<string, Promise<SecretCheck>>();

  /** Holds the stored hash, too: when the secret is rolled, what was remembered of the old one no longer fits. */
  function fingerprintOf({ clientId, secret, storedHash }: SecretToCheck): string {
    const parts = JSON.stringify([clientId, secret, storedHash]);
    return createHmac('sha256', fingerprintKey).update(parts).digest('base64');
  }

  async function runCheck(
    { secret, storedHash }: SecretToCheck,
    fingerprint: string,
    caller: string,
  ): Promise<SecretCheck> {
    const fits = await verify(secret, storedHash ?? decoyHash);
    if (!fits || storedHash === undefined) return { outcome: 'wrong' };
    rightUntil.set(fingerprint, now() + rememberedMs);
    failuresOf.delete(caller);
    return { outcome: 'right' };
  }

  return async (check: SecretToCheck): Promise<SecretCheck> => {
    const fingerprint = fingerprintOf(check);
    if ((rightUntil.get(fingerprint) ?? 0) > now()) return { outcome: 'right' };
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
