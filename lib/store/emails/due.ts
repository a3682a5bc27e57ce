// SQL that finds the emails that are due.
import type { Query } from '../database.ts';
import type { DeliveryMode, Lane, OpenStatus } from './email.ts';
import { claimedStatus } from './transitions.ts';

export interface DueEmail {
  id: string;
  client_id: string;
  status: OpenStatus;
  lane: Lane;
  delivery: DeliveryMode;
  attempts: number;
  /** How long the email has been queued, in milliseconds; null if it never was, or waits for a place on the queue. */
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
 * Locks up to `limit` emails whose `due_at` has passed, the longest due first. Skips those that another dispatch has locked. Of
 * those with a lease, it takes those that ended `endedForMs` ago or earlier; undefined: none.
 */
export async function lockDueEmails(sql: Query, limit: number, endedForMs?: number): Promise<DueEmail[]> {
  return sql<DueEmail[]>`
    select ${dueColumns(sql)}
    from emails
    where due_at <= now()
      and (status <> ${claimedStatus}
           or due_at <= now() - ${endedForMs ?? null}::double precision * interval '1 millisecond'
              and pg_postmaster_start_time() <= now() - ${recordingMs} * interval '1 millisecond')
    order by due_at limit ${limit}
    for update skip locked`;
}

/**
 * Writes to the one whose lease ended first, among the `within` emails that are due the longest, and changes nothing: proof that workers
 * can record. False: there is none, or they are all locked.
 */
export async function touchEndedLease(sql: Query, within: number): Promise<boolean> {
  const rows = await sql`
    with due as materialized (
      select id, status from emails where due_at <= now() order by due_at limit ${within}
    ), ended as (
      select emails.id from due join emails using (id)
      where due.status = ${claimedStatus} and emails.status = ${claimedStatus} and emails.due_at <= now()
      limit 1 for update of emails skip locked
    )
    update emails set due_at = due_at where id = any(array(select id from ended)) returning id`;
  return rows.length > 0;
}

/**
 * Locks up to `perClient` scheduled and deferred emails of each client that are due, the longest due first, of up to `clients` clients
 * behind `after` in the order of their names: where one has very many of them, the others' are found all the same. Returns behind whom
 * the next ones begin, too; '': no client comes after these.
 */
export async function lockDueByClient(
  sql: Query,
  { perClient, clients, after }: { perClient: number; clients: number; after: string },
): Promise<{ emails: DueEmail[]; after: string }> {
  const rows = await sql<((DueEmail | { id: null }) & { found_client: string; found_place: number })[]>`
    with recursive found as (
      -- From one client to the next in the index, however many emails each has.
      (select client_id, 1 as place from emails
       where status in ('scheduled', 'deferred') and client_id > ${after} order by client_id limit 1)
      union all
      select next.client_id, place + 1
      from found, lateral (
        select client_id from emails
        where status in ('scheduled', 'deferred') and client_id > found.client_id order by client_id limit 1) next
      where place < ${clients}
    )
    select found.client_id as found_client, found.place as found_place, due.*
    from found left join lateral (
      select ${dueColumns(sql)} from emails
      where status in ('scheduled', 'deferred') and client_id = found.client_id and due_at <= now()
      order by due_at limit ${perClient}
      for update skip locked) due on true
    order by found.place`;
  const last = rows.at(-1);
  return {
    emails: rows.flatMap(({ found_client: _, found_place: __, ...row }) => (row.id === null ? [] : row)),
    after: last === undefined || last.found_place < clients ? '' : last.found_client,
  };
}

function dueColumns(sql: Query) {
  return sql`id, client_id, status, lane, delivery, attempts, traceparent,
           (extract(epoch from now() - queued_at) * 1000)::double precision as queued_for_ms,
           data_started_at is not null as data_started,
           (extract(epoch from now() - wanted_at) * 1000)::double precision as wanted_for_ms,
           coalesce(expires_at <= now(), false) as expired`;
}

/** How many emails are due (up to 100,000), and how long the oldest has been, by status. */
export async function measureBacklog(sql: Query) {
  return sql<{ status: OpenStatus; due: number; oldest_s: number }[]>`
    select status, count(*)::integer as due, extract(epoch from now() - min(due_at))::double precision as oldest_s
    from (select status, due_at from emails where due_at <= now() order by due_at limit 100000) due
    group by status`;
}
