// How GET /stats shows what was counted.
import { type EmailStatus, emailStatuses } from '../../lib/emails/email.ts';
import type { StatsRange, StatusCount } from '../../lib/emails/stats.ts';

const intervalMs = { hour: 3_600_000, day: 24 * 3_600_000 };

/**
 * `series` has every hour or day of the range, in order, with those in which nothing was accepted. The bounce rate is of the
 * emails that a relay took or refused for good; null where there are none.
 */
export function showStats({ since, until, interval }: StatsRange, counts: StatusCount[]) {
  const whole = counts.filter(({ at }) => at === null);
  const statuses = byStatus(whole);
  const sent = whole.find(({ status }) => status === 'sent');
  const parts = byStart(counts);
  const judged = statuses.sent + statuses.bounced;
  return {
    object: 'stats',
    since,
    until,
    interval,
    total: total(whole),
    statuses,
    bounce_rate: judged === 0 ? null : Number((statuses.bounced / judged).toFixed(4)),
    latency_ms: { p50: sent?.p50_ms ?? null, p95: sent?.p95_ms ?? null },
    series: startsOf({ since, until, interval }).map((start) => {
      const part = parts.get(start) ?? [];
      return { at: new Date(start), total: total(part), statuses: byStatus(part) };
    }),
  };
}

function byStart(counts: StatusCount[]): Map<number, StatusCount[]> {
  const parts = new Map<number, StatusCount[]>();
  for (const count of counts) {
    if (count.at === null) continue;
    const start = count.at.getTime();
    parts.set(start, [...(parts.get(start) ?? []), count]);
  }
  return parts;
}

function total(counts: StatusCount[]): number {
  return counts.reduce((sum, { emails }) => sum + emails, 0);
}

function byStatus(counts: StatusCount[]): Record<EmailStatus, number> {
  const known = new Map(counts.map(({ status, emails }) => [status, emails]));
  return Object.fromEntries(emailStatuses.map((status) => [status, known.get(status) ?? 0])) as Record<
    EmailStatus,
    number
  >;
}

/** When each hour or day of the range begins, in milliseconds; those of UTC, so each is as long as the others. */
function startsOf({ since, until, interval }: StatsRange): number[] {
  const step = intervalMs[interval];
  const first = Math.floor(since.getTime() / step);
  const last = Math.ceil(until.getTime() / step);
  return Array.from({ length: last - first }, (_, index) => (first + index) * step);
}
