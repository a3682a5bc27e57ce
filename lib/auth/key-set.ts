// Fetches and caches the keys that the token function publishes: seldom, never in a flood, and still used while it is away.
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';

/** Older keys are fetched again before use, so that a withdrawn key is not used for longer. */
const freshMs = 600_000;
/** Older keys are never used. Until then, tokens are accepted even if the token function is away. */
const usableMs = 86_400_000;
/** A token with an unknown key makes us fetch again, but at most once in this time. */
const cooldownMs = 5_000;
/** Pause after a failed fetch: many requests would not help a server that is down. */
const failureCooldownMs = 1_000;
const answerWithinMs = 3_000;

/**
 * For `jwtVerify`. Throws an error that is not one of jose's when the keys cannot be fetched, or when we cannot tell for now
 * whether the key exists.
 */
export function createKeySet(url: string, now = Date.now): JWTVerifyGetKey {
  // jose fetches and holds the keys, one request at a time. We decide when: by itself, jose would refuse every token while its
  // keys are old and cannot be fetched, and would have no cooldown after a failure.
  const keys = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    timeoutDuration: answerWithinMs,
    [customFetch]: fetchWhole,
  });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let notBefore = Number.NEGATIVE_INFINITY;
  let failure: unknown;

  async function refresh(): Promise<void> {
    if (now() < notBefore) return;
    try {
      await keys.reload();
      failure = undefined;
      fetchedAt = now();
      notBefore = fetchedAt + cooldownMs;
    } catch (error) {
      failure = error;
      notBefore = now() + failureCooldownMs;
    }
  }

  /** Resolves when there are keys that may be used. */
  async function ready(): Promise<void> {
    if (now() >= fetchedAt + freshMs) {
      const refreshing = refresh();
      const mayGoOn = failure !== undefined && now() < fetchedAt + usableMs;
      if (!mayGoOn) await refreshing;
    }
    if (now() >= fetchedAt + usableMs) throw away();
  }

  function away(): Error {
    return new Error(`The keys at ${url} cannot be fetched`, { cause: failure });
  }

  return async (header, token) => {
    await ready();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      if (failure !== undefined) throw away();
      return keys(header, token);
    }
  };
}

/** Cancels the body of a refused answer; otherwise its connection would stay occupied. */
async function fetchWhole(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status !== 200) await response.body?.cancel();
  return response;
}
