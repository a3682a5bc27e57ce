// How long to wait before the next attempt: as long as delivery has been tried, with jitter so that what failed together does not come back together.

export interface RetryPolicy {
  baseMs: number;
  maxMs: number;
  /** Age of an email at which no further attempt is made. */
  giveUpAfterMs: number;
}

/** Share of the wait that is random. */
const jitter = 0.2;

/**
 * Milliseconds to wait, for an email whose delivery has been wanted for `ageMs`. Waiting as long as it is old doubles the age with
 * every attempt, as mail servers do; attempts that never took place, as while every relay is away, do not make it longer.
 * `random` is from 0 to 1.
 */
export function backoff(ageMs: number, { baseMs, maxMs }: RetryPolicy, random = Math.random()): number {
  const wait = Math.min(Math.max(ageMs, baseMs), maxMs);
  return Math.round(wait * (1 - jitter * random));
}
