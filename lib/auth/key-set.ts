// The keys that the token function publishes, fetched where they are needed: seldom, never in a flood, and used on while it is away.
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';

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
  // It fetches and holds the keys, one question at a time. When it asks is decided here: by itself it would refuse every token
  // while its keys are old and there is no answer, and would have no cooldown after a failure.
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

  /** Resolves once there are keys that may be used. */
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

/** Lets go of the body of an answer that is refused, or its connection stays taken. */
async function fetchWhole(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status !== 200) await response.body?.cancel();
  return response;
}
