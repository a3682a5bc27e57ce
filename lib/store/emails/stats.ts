// SQL that counts a client's emails of a time range: their statuses by hour or day, and how long delivery took.
import type { Query } from '../database.ts';
import { firstIdAt } from '../ids-by-time.ts';
import type { EmailStatus } from './email.ts';

export interface StatsRange {
  /** Accepted at this time or later … */
  since: Date;
  /** … and before this time. */
  until: Date;
  /** Hours and days are those of UTC. */
  interval: 'hour' | 'day';
}

export interface EmailCounts {
  /** Emails of one status that were accepted in one hour or day; `at` is its beginning. */
  parts: { at: Date; status: EmailStatus; emails: number }[];
  /** Emails that a relay had taken, and of which a bounce or a complaint came back, of at least one recipient. */
  late_bounces: number;
  complaints: number;
  /** Emails that a relay took of one recipient at least: not those that bounced in an attempt. */
  taken: number;
  /** Milliseconds from when delivery was wanted until a relay took the email: median and 95th percentile of the sent ones. Null without any. */
  p50_ms: number | null;
  p95_ms: number | null;
}

/**
 * Largest difference between an id's time and `accepted_at`: send's clock makes the id, the database's clock makes `accepted_at`, later.
 */
const marginMs = 10 * 60_000;

/** One statement, which reads the client's rows of the range and no others: ids are UUIDv7, so a range of time is a range of ids. */
export async function countEmails(sql: Query, clientId: string, range: StatsRange): Promise<EmailCounts> {
  const { since, until, interval } = range;
  const [counts] = await sql<[EmailCounts]>`
    with taken as materialized (
      select id, status, accepted_at, finished_at, wanted_at from emails
      where client_id = ${clientId}
        and id >= ${firstIdAt(since.getTime() - marginMs)} and id < ${firstIdAt(until.getTime() + marginMs)}
        and accepted_at >= ${since} and accepted_at < ${until}
    ), part as (
      select date_trunc(${interval}, accepted_at, 'UTC') as at, status, count(*) as emails from taken group by 1, 2
    ), latency as (
      select percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from finished_at - wanted_at)::float8) as s
      from taken where status in ('sent', 'delivered')
    ), came_back as (
      select count(distinct email_id) filter (where kind = 'bounced')::integer as late_bounces,
             count(distinct email_id) filter (where kind = 'complained')::integer as complaints,
             count(distinct email_id) filter (where kind = 'bounced' and status = 'bounced')::integer as bounced_late
      from email_reports join taken on id = email_id
      where client_id = ${clientId}
        and email_id >= ${firstIdAt(since.getTime() - marginMs)} and email_id < ${firstIdAt(until.getTime() + marginMs)}
    )
    select coalesce((select json_agg(part order by at, status) from part), '[]') as parts,
           late_bounces, complaints,
           bounced_late + (select count(*) from taken where status in ('sent', 'delivered', 'complained'))::integer as taken,
           round(s[1] * 1000) as p50_ms, round(s[2] * 1000) as p95_ms
    from latency, came_back`;
  return { ...counts, parts: counts.parts.map((part) => ({ ...part, at: new Date(part.at) })) };
}
