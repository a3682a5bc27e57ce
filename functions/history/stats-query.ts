// The query parameters of GET /stats: a range of time, and how finely it is cut.
import * as v from 'valibot';
import { invalidQuery, QueryTime } from '../../lib/http/query.ts';
import { earliestMs } from '../../lib/http/time.ts';
import type { StatsRange } from '../../lib/store/emails/stats.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const usualRangeMs = dayMs;
/** Bounds what one statement reads. */
export const maxRangeDays = 31;
/** Ranges up to this are counted by the hour, unless the client asks for days. */
const hourlyUpToMs = 2 * dayMs;

export const StatsQuery = v.strictObject({
  since: v.optional(QueryTime),
  until: v.optional(QueryTime),
  interval: v.optional(v.picklist(['hour', 'day'], 'must be hour or day')),
});

/** The last 24 hours by default. Throws `invalid_parameter` (400) for a range that is empty or too long. */
export function rangeOf(query: v.InferOutput<typeof StatsQuery>, now: Date): StatsRange {
  const { until: askedUntil, since: askedSince, interval } = query;
  const until = askedUntil ?? now;
  const since = askedSince ?? new Date(Math.max(until.getTime() - usualRangeMs, earliestMs));
  const rangeMs = until.getTime() - since.getTime();
  if (rangeMs <= 0) throw invalidQuery([{ path: 'until', message: 'must be after since' }]);
  if (rangeMs > maxRangeDays * dayMs) {
    throw invalidQuery([{ path: 'since', message: `may be ${maxRangeDays} days before until at most` }]);
  }
  return { since, until, interval: interval ?? (rangeMs <= hourlyUpToMs ? 'hour' : 'day') };
}
