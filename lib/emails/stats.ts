// SQL that counts a client's emails of a range of time: how they stand, hour by hour or day by day, and how long they took.
import type { Query } from '../db.ts';
import type { EmailStatus } from './email.ts';

export interface StatsRange {
  /** Accepted at this time or later … */
  since: Date;
  /** … and before this time. */
  until: Date;
  /** Hours and days are those of UTC. */
  interval: 'hour' | 'day';
}

/** Emails of one status that were accepted in one hour or day (`at` is its beginning); of the whole range where `at` is null. */
export interface StatusCount {
  at: Date | null;
  status: EmailStatus;
  emails: number;
  /** Of the whole range: milliseconds from when delivery was wanted to the end, of which half and 95 of 100 emails took less. */
  p50_ms: number | null;
  p95_ms: number | null;
}

/**
 * What an id and `accepted_at` may differ by: one is of the clock of send, before the row was stored, the other of the database's.
 */
const marginMs = 10 * 60_000;

/** One statement, which reads the client's rows of the range and no others: ids are UUIDv7, so a range of time is a range of ids. */
export async function countEmails(sql: Query, clientId: string, range: StatsRange): Promise<StatusCount[]> {
  const { since, until, interval } = range;
  return sql<StatusCount[]>`
    with taken as (
      select status, date_trunc(${interval}, accepted_at, 'UTC') as at,
             extract(epoch from finished_at - wanted_at) * 1000 as ms
      from emails
      where client_id = ${clientId}
        and id >= ${firstIdAt(since.getTime() - marginMs)} and id < ${firstIdAt(until.getTime() + marginMs)}
        and accepted_at >= ${since} and accepted_at < ${until}
    )
    select at, status, count(*)::integer as emails,
           case when grouping(at) = 1 then round(percentile_cont(0.5) within group (order by ms))::float8 end as p50_ms,
           case when grouping(at) = 1 then round(percentile_cont(0.95) within group (order by ms))::float8 end as p95_ms
    from taken group by grouping sets ((status), (at, status))
    order by at nulls first, status`;
}

/** The lowest UUIDv7 of a millisecond (RFC 9562 §5.7). */
export function firstIdAt(ms: number): string {
  const time = Math.max(ms, 0).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7000-8000-000000000000`;
}
