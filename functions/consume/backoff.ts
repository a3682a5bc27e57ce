// How long to wait before the next attempt: exponential, with jitter so that what failed together does not come back together.

export interface RetryPolicy {
  baseMs: number;
  maxMs: number;
  /** Age of an email at which no further attempt is made. */
  giveUpAfterMs: number;
}

/** Share of the wait that is random. */
const jitter = 0.2;

/** Milliseconds to wait after attempt number `attempt` (from 1). `random` is from 0 to 1. */
export function backoff(attempt: number, { baseMs, maxMs }: RetryPolicy, random = Math.random()): number {
  const wait = Math.min(baseMs * 2 ** (attempt - 1), maxMs);
  return Math.round(wait * (1 - jitter * random));
}
