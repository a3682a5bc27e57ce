// The keys that the token function publishes, fetched where they are needed: seldom, never in a flood, and used on while it is away.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** Older keys are asked for again before they are used, so that one that was taken away is not used for longer. */
const freshMs = 600_000;
/** Older keys are not used, whatever the token function's trouble is. Until then its tokens outlive it. */
const usableMs = 86_400_000;
/** A key that nobody knows makes us ask again, but not more often than this, however many tokens name one. */
const cooldownMs = 5_000;
/** Nor more often than this where there is no answer: whoever is down is not helped up by questions. */
const failureCooldownMs = 1_000;
const answerWithinMs = 3_000;

/**
 * For `jwtVerify`. Throws an error that is none of jose's where the keys cannot be had, or where nobody can say for now whether
 * there is such a key.
 */
export function createKeySet(url: string, now = Date.now): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let notBefore = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      keys = createLocalJWKSet(await fetchKeySet(url));
      failure = undefined;
      fetchedAt = now();
      notBefore = fetchedAt + cooldownMs;
    } catch (error) {
      failure = error;
      notBefore = now() + failureCooldownMs;
    }
  }

  /** One question at a time, for all who wait for the answer. */
  async function refresh(): Promise<void> {
    if (now() < notBefore) return;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    await asking;
  }

  async function usableKeys() {
    if (now() >= fetchedAt + freshMs) {
      const refreshing = refresh();
      const mayGoOn = failure !== undefined && keys !== undefined && now() < fetchedAt + usableMs;
      if (!mayGoOn) await refreshing;
    }
    if (keys !== undefined && now() < fetchedAt + usableMs) return keys;
    throw away();
  }

  function away(): Error {
    return new Error(`The keys at ${url} cannot be fetched`, { cause: failure });
  }

  return async (header, token) => {
    try {
      return await (await usableKeys())(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      if (failure !== undefined) throw away();
      return (await usableKeys())(header, token);
    }
  };
}

async function fetchKeySet(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`Status ${response.status}`);
  }
  return (await response.json()) as JSONWebKeySet;
}
