// How long to wait before the next attempt: as long as the email is old, with jitter, so that emails that failed together are not retried together.

export interface RetryPolicy {
  baseMs: number;
  maxMs: number;
  /** Age of an email at which no further attempt is made. */
  giveUpAfterMs: number;
}

/** Share of the wait that is random. */
const jitter = 0.2;

/**
 * Milliseconds to wait, for an email whose delivery has been wanted for `ageMs`. The wait equals the age, so the age doubles with
 * every attempt, as with mail servers. Attempts that did not take place (every relay was away) do not lengthen the wait.
 * `random` is from 0 to 1.
 */
export function backoff(ageMs: number, { baseMs, maxMs }: RetryPolicy, random = Math.random()): number {
  const wait = Math.min(Math.max(ageMs, baseMs), maxMs);
  return Math.round(wait * (1 - jitter * random));
}
