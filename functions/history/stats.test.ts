// GET /stats: which ranges may be asked for, and how counts are shown.
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../lib/http/errors.ts';
import { checkQuery } from '../../lib/http/query.ts';
import { showStats } from './show-stats.ts';
import { rangeOf, StatsQuery } from './stats-query.ts';

const now = new Date('2026-03-31T12:30:00Z');
const parse = (query: string) => rangeOf(checkQuery(StatsQuery, new URLSearchParams(query)), now);

describe('the range', () => {
  it.each([
    ['', '2026-03-30T12:30:00.000Z', '2026-03-31T12:30:00.000Z', 'hour'],
    ['since=2026-03-29T12:30:00Z', '2026-03-29T12:30:00.000Z', '2026-03-31T12:30:00.000Z', 'hour'],
    ['since=2026-03-29T12:29:59Z', '2026-03-29T12:29:59.000Z', '2026-03-31T12:30:00.000Z', 'day'],
    ['until=2026-02-02T00:00:00Z', '2026-02-01T00:00:00.000Z', '2026-02-02T00:00:00.000Z', 'hour'],
    ['interval=day', '2026-03-30T12:30:00.000Z', '2026-03-31T12:30:00.000Z', 'day'],
    ['since=2026-02-28T12:30:00Z&interval=hour', '2026-02-28T12:30:00.000Z', '2026-03-31T12:30:00.000Z', 'hour'],
  ])('of "%s"', (query, since, until, interval) => {
    expect(JSON.parse(JSON.stringify(parse(query)))).toEqual({ since, until, interval });
  });

  it.each([
    ['since=2026-02-28T12:29:59Z', 'since may be 31 days before until at most.'],
    ['since=2026-03-31T12:30:00Z', 'until must be after since.'],
    [
      'since=yesterday&interval=week',
      'since must be a time such as 2026-01-31T12:00:00Z; interval must be hour or day.',
    ],
    ['x=1&x=2', 'x must be given once; x is not a parameter of this request.'],
  ])('refuses "%s"', (query, message) => {
    expect(() => parse(query)).toThrow(message);
    expect(() => parse(query)).toThrow(ApiError);
  });
});

describe('the counts', () => {
  const day = (number: number) => new Date(Date.UTC(2026, 2, number));
  const range = { since: new Date('2026-03-01T12:00:00Z'), until: day(4), interval: 'day' } as const;

  it('have every day of the range, and the bounce rate of what was sent or bounced', () => {
    const parts = [
      { at: day(1), status: 'sent', emails: 5 },
      { at: day(3), status: 'bounced', emails: 1 },
      { at: day(3), status: 'queued', emails: 4 },
    ] as const;
    const stats = showStats(range, {
      ...{ parts: [...parts], p50_ms: 10, p95_ms: 90 },
      ...{ late_bounces: 1, complaints: 2, taken: 8 },
    });
    expect(stats).toMatchObject({ total: 10, bounce_rate: 0.1667, latency_ms: { p50: 10, p95: 90 } });
    expect(stats).toMatchObject({ late_bounces: 1, late_bounce_rate: 0.125, complaints: 2, complaint_rate: 0.25 });
    expect(stats.statuses).toMatchObject({ sent: 5, bounced: 1, queued: 4, failed: 0 });
    expect(stats.series.map(({ at, total, statuses }) => [at, total, statuses.sent])).toEqual([
      [day(1), 5, 5],
      [day(2), 0, 0],
      [day(3), 5, 0],
    ]);
  });

  it('without emails have no rate and no latency', () => {
    const stats = showStats(range, {
      ...{ parts: [], p50_ms: null, p95_ms: null },
      ...{ late_bounces: 0, complaints: 0, taken: 0 },
    });
    expect(stats).toMatchObject({ total: 0, bounce_rate: null, latency_ms: { p50: null, p95: null } });
    expect(stats).toMatchObject({ late_bounce_rate: null, complaint_rate: null });
    expect(stats.series).toHaveLength(3);
  });
});
