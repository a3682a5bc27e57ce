// How GET /stats shows what was counted.
import { type EmailStatus, emailStatuses } from '../../lib/store/emails/email.ts';
import type { EmailCounts, StatsRange } from '../../lib/store/emails/stats.ts';

const intervalMs = { hour: 3_600_000, day: 24 * 3_600_000 };

type Part = EmailCounts['parts'][number];

/** A share of `all`, from 0 to 1, in four digits; null of none. */
function rate(some: number, all: number): number | null {
  return all === 0 ? null : Number((some / all).toFixed(4));
}

/**
 * `series` has every hour or day of the range, in order, also those in which nothing was accepted. The bounce rate counts only
 * emails that a relay took or refused for good, the other rates only those that one took; null where there are none.
 */
export function showStats(
  { since, until, interval }: StatsRange,
  { parts, late_bounces, complaints, taken, p50_ms, p95_ms }: EmailCounts,
) {
  const statuses = byStatus(parts);
  const judged = statuses.sent + statuses.delivered + statuses.bounced + statuses.complained;
  const starting = new Map<number, Part[]>();
  for (const part of parts) starting.set(part.at.getTime(), [...(starting.get(part.at.getTime()) ?? []), part]);
  return {
    object: 'stats',
    since,
    until,
    interval,
    total: total(parts),
    statuses,
    bounce_rate: rate(statuses.bounced, judged),
    late_bounces,
    late_bounce_rate: rate(late_bounces, taken),
    complaints,
    complaint_rate: rate(complaints, taken),
    latency_ms: { p50: p50_ms, p95: p95_ms },
    series: startsOf({ since, until, interval }).map((start) => {
      const those = starting.get(start) ?? [];
      return { at: new Date(start), total: total(those), statuses: byStatus(those) };
    }),
  };
}

function total(parts: Part[]): number {
  return parts.reduce((sum, { emails }) => sum + emails, 0);
}

function byStatus(parts: Part[]): Record<EmailStatus, number> {
  const counts = Object.fromEntries(emailStatuses.map((status) => [status, 0])) as Record<EmailStatus, number>;
  for (const { status, emails } of parts) counts[status] += emails;
  return counts;
}

/** When each hour or day of the range begins, in milliseconds. Days are UTC days, so all are equally long. */
function startsOf({ since, until, interval }: StatsRange): number[] {
  const step = intervalMs[interval];
  const first = Math.floor(since.getTime() / step);
  const last = Math.ceil(until.getTime() / step);
  return Array.from({ length: last - first }, (_, index) => (first + index) * step);
}
