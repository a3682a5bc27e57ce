// When a failed delivery is tried again: the example schedule of Standard Webhooks, with jitter, and Retry-After of endpoints. Pure.

/** Seconds between attempts: 10 attempts in 75 hours. */
export const specifiedWaits = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** Largest random share added to a wait, so that deliveries that failed together are not retried together. */
const jitter = 0.2;
/** The longest that an endpoint may ask to be left alone. 24 h. */
export const mostRetryAfterMs = 86_400_000;

/**
 * Milliseconds until the next attempt of a delivery that has been wanted for `ageMs`; undefined: its attempts are used up. The age
 * decides which wait comes next, so that attempts lost with their worker use up none. An endpoint's `Retry-After` makes a wait
 * longer, never shorter. `random` is from 0 to 1.
 */
export function nextWait(
  ageMs: number,
  waitsMs: readonly number[],
  retryAfterMs: number | undefined,
  random = Math.random(),
): number | undefined {
  let soFar = 0;
  const wait = waitsMs.find((each) => {
    const isReached = soFar + each <= ageMs;
    soFar += each;
    return !isReached;
  });
  if (wait === undefined) return undefined;
  return Math.round(Math.max(wait * (1 + jitter * random), Math.min(retryAfterMs ?? 0, mostRetryAfterMs)));
}

/** Reads `Retry-After` (RFC 9110 §10.2.3), a number of seconds or a date, as milliseconds from now; undefined: it says nothing. */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  // An HTTP date begins with three letters; `Date.parse` alone would accept all kinds of numbers. One without a zone is in GMT (RFC 9110 §5.6.7).
  const at = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(/ GMT$/.test(value) ? value : `${value} GMT`) : Number.NaN;
  // 30 February has become 2 March.
  const isDay = value.match(/\d+/g)?.some((digits) => Number(digits) === new Date(at).getUTCDate());
  return isDay ? Math.max(at - now, 0) : undefined;
}
