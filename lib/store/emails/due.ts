// SQL that finds the emails that are due.
import type { Query } from '../database.ts';
import type { DeliveryMode, Lane, OpenStatus } from './email.ts';
import { claimedStatus } from './transitions.ts';

export interface DueEmail {
  id: string;
  status: OpenStatus;
  lane: Lane;
  delivery: DeliveryMode;
  attempts: number;
  /** How long the email has been queued, in milliseconds; null if it never was. */
  queued_for_ms: number | null;
  data_started: boolean;
  traceparent: string | null;
  wanted_for_ms: number;
  expired: boolean;
}

/**
 * How long the database must be back before leases that have expired are taken back. In this time the workers that are alive record
 * what they delivered meanwhile, and renew their leases; taking those that expired at once would deliver their emails twice.
 */
export const recordingMs = 5_000;

/**
 * Locks up to `limit` emails whose `due_at` has passed, the longest due first. Skips those that another dispatch has locked, and,
 * if `leases` is false, those whose lease has expired.
 */
export async function lockDueEmails(sql: Query, limit: number, { leases = true } = {}): Promise<DueEmail[]> {
  return sql<DueEmail[]>`
    select id, status, lane, delivery, attempts, traceparent,
           (extract(epoch from now() - queued_at) * 1000)::double precision as queued_for_ms,
           data_started_at is not null as data_started,
           (extract(epoch from now() - wanted_at) * 1000)::double precision as wanted_for_ms,
           coalesce(expires_at <= now(), false) as expired
    from emails
    where due_at <= now()
      and (status <> ${claimedStatus}
           or ${leases} and pg_postmaster_start_time() <= now() - ${recordingMs} * interval '1 millisecond')
    order by due_at limit ${limit}
    for update skip locked`;
}

/** By status: how many emails are due (up to 100,000), and for how long the oldest has been due. */
export async function measureBacklog(sql: Query) {
  return sql<{ status: OpenStatus; due: number; oldest_s: number }[]>`
    select status, count(*)::integer as due, extract(epoch from now() - min(due_at))::double precision as oldest_s
    from (select status, due_at from emails where due_at <= now() order by due_at limit 100000) due
    group by status`;
}
