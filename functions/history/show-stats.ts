// How GET /stats shows what was counted.
import { type EmailStatus, emailStatuses } from '../../lib/store/emails/email.ts';
import type { EmailCounts, StatsRange } from '../../lib/store/emails/stats.ts';

const intervalMs = { hour: 3_600_000, day: 24 * 3_600_000 };

type Part = EmailCounts['parts'][number];

/**
 * `series` has every hour or day of the range, in order, also those in which nothing was accepted. The bounce rate counts only
 * emails that a relay took or refused for good; null where there are none.
 */
export function showStats({ since, until, interval }: StatsRange, { parts, p50_ms, p95_ms }: EmailCounts) {
  const statuses = byStatus(parts);
  const judged = statuses.sent + statuses.bounced;
  const starting = new Map<number, Part[]>();
  for (const part of parts) starting.set(part.at.getTime(), [...(starting.get(part.at.getTime()) ?? []), part]);
  return {
    object: 'stats',
    since,
    until,
    interval,
    total: total(parts),
    statuses,
    bounce_rate: judged === 0 ? null : Number((statuses.bounced / judged).toFixed(4)),
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
