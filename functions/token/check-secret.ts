// Checks a client's secret: one that was right a moment ago passes at once, wrong ones are slowed, the rest costs one scrypt, for which callers take turns.
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { StoredSecret } from '../../lib/store/clients/clients.ts';
import { createFairQueue, type FairQueueOptions } from './fair-queue.ts';
import { decoyHash, findFitting } from './secret-hash.ts';
import { callerNetwork, type Failures, isSlowed, waitMs, withOneLess, withOneMore } from './slowdown.ts';

export interface SecretToCheck {
  clientId: string;
  secret: string;
  /** What it may be instead, if it is none of the right ones: one guess with it, but another scrypt. */
  orElse?: string | undefined;
  /** The right ones; none for a client that does not exist, which must not show in the time taken. */
  stored: readonly StoredSecret[];
  /** Address of the caller. */
  address: string;
}

export type SecretCheck =
  | { outcome: 'right' }
  | { outcome: 'wrong' }
  | { outcome: 'slowed'; retryAfterSeconds: number }
  /** Nobody knows yet: of this caller's network, too many checks wait. */
  | { outcome: 'crowded'; retryAfterSeconds: number }
  /** Nobody knows yet: of everybody, too many checks wait. */
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
/** How long a secret that was right is known by its fingerprint: it is hashed again, but nobody else's guesses are ahead of it. */
const provenMs = 86_400_000;

/**
 * A scrypt takes some 80 ms of one of libuv's four threads, and 32 MiB. All but one thread may be taken, so that tokens are signed
 * meanwhile. A lane is a network, whatever client ids it asks with: the last one that waits has some 2 s of its own in front of it.
 */
const forAll: FairQueueOptions = { atOnce: 2, mostOfLane: 20, mostInAll: 200 };
/** A lane is a client. Only who knows a right secret gets here, so none is kept waiting by guesses. */
const forProven: FairQueueOptions = { atOnce: 1, mostOfLane: 20, mostInAll: 1_000 };
const retryAfterSeconds = 1;

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
  const proven = new LRUCache<string, true>({ max: capacity, ttl: provenMs });
  const inTurn = createFairQueue(forAll);
  const inTurnOfProven = createFairQueue(forProven);
  const failuresOf = new LRUCache<string, Failures>({ max: capacity });
  const underWay = new Map<string, Promise<SecretCheck>>();

  /** Holds the stored hashes, too: when a secret is rolled, removed or expires, what was remembered of it no longer fits. */
  function fingerprintOf({ clientId, secret, orElse, stored }: SecretToCheck): string {
    const parts = JSON.stringify([clientId, secret, orElse, stored.map(({ hash }) => hash)]);
    return createHmac('sha256', fingerprintKey).update(parts).digest('base64');
  }

  async function runCheck(
    { secret, orElse, stored }: SecretToCheck,
    fingerprint: string,
    caller: string,
  ): Promise<SecretCheck> {
    const hashes = stored.length > 0 ? stored.map(({ hash }) => hash) : [decoyHash];
    const first = await find(secret, hashes);
    const fitting = first ?? (orElse === undefined ? undefined : await find(orElse, hashes));
    const right = stored.find(({ hash }) => hash === fitting);
    if (right === undefined) return { outcome: 'wrong' };
    known.set(fingerprint, true);
    proven.set(fingerprint, true);
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

    const network = callerNetwork(check.address);
    const caller = `${check.clientId} ${network}`;
    const isProven = proven.has(fingerprint);
    const failures = failuresOf.get(caller);
    if (!isProven && isSlowed(failures, now())) {
      return { outcome: 'slowed', retryAfterSeconds: Math.ceil(waitMs(failures, now()) / 1000) };
    }
    // Counted before it is known, or any number of guesses at the same moment would be free.
    if (!isProven) failuresOf.set(caller, withOneMore(failures, now()));
    const work = () => runCheck(check, fingerprint, caller);
    const running = (isProven ? inTurnOfProven(check.clientId, work) : inTurn(network, work))
      .then((done): SecretCheck => {
        if (typeof done === 'object') return done;
        const counted = failuresOf.get(caller);
        if (counted && !isProven) failuresOf.set(caller, withOneLess(counted));
        return done === 'all full' ? { outcome: 'busy' } : { outcome: 'crowded', retryAfterSeconds };
      })
      .finally(() => underWay.delete(fingerprint));
    underWay.set(fingerprint, running);
    return running;
  };
}
