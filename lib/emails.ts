// All SQL of emails, their contents and the events recorded with a change of their status. Every change is conditional on what the row is now.

import type { Query } from './db.ts';
import type { EmailEvent, NewEvent } from './events.ts';
import type { Lane } from './queue.ts';

/** Statuses on the way; the others are ends. */
export type OpenStatus = 'scheduled' | 'queued' | 'sending' | 'deferred';
export type EndStatus = 'sent' | 'bounced' | 'failed' | 'unknown' | 'canceled' | 'expired' | 'suppressed';
export type EmailStatus = OpenStatus | EndStatus;
export const emailStatuses = [
  'scheduled',
  'queued',
  'sending',
  'deferred',
  'sent',
  'bounced',
  'failed',
  'unknown',
  'canceled',
  'expired',
  'suppressed',
] as const satisfies readonly EmailStatus[];

/** What to do when an attempt ends without a known outcome. */
export type DeliveryMode = 'at_least_once' | 'at_most_once';

/** A mailbox as in RFC 5322: an address and perhaps a display name. */
export interface Mailbox {
  email: string;
  name?: string;
}

/** The address headers of a message. */
export interface AddressHeaders {
  from: Mailbox;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  reply_to: Mailbox[];
}

export interface EmailContent {
  headers: AddressHeaders;
  text_body: string | null;
  html_body: string | null;
}

export interface NewEmail extends EmailContent {
  id: string;
  client_id: string;
  lane: Lane;
  delivery: DeliveryMode;
  sender: string;
  recipients: string[];
  subject: string;
  message_id: string;
}

/**
 * Stores emails as queued, with their contents and the event `accepted`, in one statement. `graceMs` is when relay publishes
 * an id that no worker has claimed, because the direct publish was lost.
 */
export async function insertEmails(sql: Query, emails: NewEmail[], graceMs: number): Promise<void> {
  await sql`
    with new as (
      select * from json_to_recordset(${JSON.stringify(emails)}::text::json) as new(
        id uuid, client_id text, lane text, delivery text, sender text, recipients text[], subject text, message_id text,
        headers jsonb, text_body text, html_body text)
    ), stored as (
      insert into emails (id, client_id, status, lane, delivery, sender, recipients, subject, message_id, queued_at, due_at)
      select id, client_id, 'queued', lane, delivery, sender, recipients, subject, message_id, now(),
             now() + ${graceMs} * interval '1 millisecond'
      from new
    ), contents as (
      insert into email_contents (email_id, headers, text_body, html_body)
      select id, headers, text_body, html_body from new
    )
    insert into email_events (email_id, type, detail) select id, 'accepted', '{"status": "queued"}' from new`;
}

export interface ClaimedEmail extends EmailContent {
  id: string;
  client_id: string;
  delivery: DeliveryMode;
  sender: string;
  /** Recipients that are not at their end yet. */
  recipients: string[];
  subject: string;
  message_id: string;
  /** Number of this attempt, from 1; fences what the attempt records. */
  attempts: number;
  accepted_for_ms: number;
  accepted_at: Date;
  settled: Record<string, SettledRecipient>;
}

/**
 * Claims those of `ids` that are queued, for `leaseMs`: until then nobody else may have them. An id that is missing from the
 * answer was claimed by somebody else, is at its end, or never was an email.
 */
export async function claimEmails(sql: Query, ids: string[], leaseMs: number): Promise<ClaimedEmail[]> {
  return sql<ClaimedEmail[]>`
    with claimable as (
      select id from emails where id = any(${ids}::uuid[]) and status = 'queued' order by id for update
    ), claimed as (
      update emails
      set status = 'sending', attempts = attempts + 1, due_at = now() + ${leaseMs} * interval '1 millisecond',
          data_started_at = null
      from claimable where emails.id = claimable.id
      returning emails.*
    )
    select id, client_id, delivery, sender, subject, message_id, attempts, accepted_at, settled,
           (extract(epoch from now() - accepted_at) * 1000)::double precision as accepted_for_ms,
           array(select recipient from unnest(recipients) recipient where not settled ? recipient) as recipients,
           headers, text_body, html_body
    from claimed join email_contents on email_id = id`;
}

/** Keeps attempts that are still under way from being taken for dead. */
export async function renewLeases(
  sql: Query,
  claims: { id: string; attempts: number }[],
  leaseMs: number,
): Promise<void> {
  await sql`
    update emails set due_at = now() + ${leaseMs} * interval '1 millisecond'
    from json_to_recordset(${JSON.stringify(claims)}::text::json) as claim(id uuid, attempts integer)
    where emails.id = claim.id and status = 'sending' and emails.attempts = claim.attempts`;
}

/** Says that the attempt is about to transmit the message; from here on its loss means that the outcome is unknown. False: the lease is lost. */
export async function markDataStarted(sql: Query, id: string, attempt: number): Promise<boolean> {
  const rows = await sql`
    update emails set data_started_at = now()
    where id = ${id} and status = 'sending' and attempts = ${attempt} returning id`;
  return rows.length === 1;
}

/** What became of one recipient. */
export interface SettledRecipient {
  status: 'sent' | 'bounced';
  code: number | null;
  enhanced_code: string | null;
  reply: string | null;
}

/** A change of an email's status, made only while the row is as the one who decided had seen it. */
export interface Move {
  id: string;
  /** Statuses the row may have now. */
  from: OpenStatus[];
  /** Attempts begun when the decision was made. */
  attempts: number;
  to: EmailStatus;
  /** When relay must look again; null exactly at an end. */
  due_in_ms: number | null;
  settled: Record<string, SettledRecipient>;
  last_reply: string | null;
  /** Recorded if the status changed. */
  events: NewEvent[];
  /** Recorded in any case: they happened. */
  facts: NewEvent[];
}

/** Makes the moves and records their events in one statement. Returns the ids that moved; a missing one had been moved by somebody else. */
export async function moveEmails(sql: Query, moves: Move[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    with move as (
      select * from json_to_recordset(${JSON.stringify(moves)}::text::json) as move(
        id uuid, "from" text[], attempts integer, "to" text, due_in_ms double precision, settled jsonb, last_reply text,
        events json, facts json)
    ), moved as (
      update emails
      set status = move."to",
          due_at = now() + move.due_in_ms * interval '1 millisecond',
          finished_at = case when move.due_in_ms is null then now() end,
          queued_at = case when move."to" = 'queued' and emails.status <> 'queued' then now() else queued_at end,
          settled = case when move.settled = '{}' then emails.settled else emails.settled || move.settled end,
          last_reply = coalesce(move.last_reply, emails.last_reply)
      from move
      where emails.id = move.id and emails.status = any(move."from") and emails.attempts = move.attempts
      returning emails.id
    ), recorded as (
      insert into email_events (email_id, type, detail)
      select move.id, event.type, event.detail
      from move left join moved using (id),
           lateral (select 0 as part, * from json_to_recordset(move.facts) as fact(type text, detail jsonb)
                    union all
                    select 1, * from json_to_recordset(move.events) as fact(type text, detail jsonb)
                    where moved.id is not null) event
      where exists (select from emails where emails.id = move.id)
    )
    select id from moved`;
  return new Set(rows.map(({ id }) => id));
}

export interface DueEmail {
  id: string;
  status: OpenStatus;
  lane: Lane;
  delivery: DeliveryMode;
  attempts: number;
  /** How long the email has been queued, in milliseconds; null if it never was. */
  queued_for_ms: number | null;
  data_started: boolean;
  accepted_for_ms: number;
}

/** Locks up to `limit` emails whose `due_at` has passed, the longest due first, passing over those another relay has locked. */
export async function lockDueEmails(sql: Query, limit: number): Promise<DueEmail[]> {
  return sql<DueEmail[]>`
    select id, status, lane, delivery, attempts,
           (extract(epoch from now() - queued_at) * 1000)::double precision as queued_for_ms,
           data_started_at is not null as data_started,
           (extract(epoch from now() - accepted_at) * 1000)::double precision as accepted_for_ms
    from emails where due_at <= now()
    order by due_at limit ${limit}
    for update skip locked`;
}

/** An email as its client sees it in lists. */
export interface EmailSummary {
  id: string;
  status: EmailStatus;
  sender: string;
  recipients: string[];
  subject: string;
  message_id: string;
  lane: Lane;
  delivery: DeliveryMode;
  attempts: number;
  accepted_at: Date;
  scheduled_at: Date | null;
  finished_at: Date | null;
  due_at: Date | null;
  last_reply: string | null;
  settled: Record<string, SettledRecipient>;
}

export interface EmailDetail extends EmailSummary, Partial<EmailContent> {
  events: EmailEvent[];
}

const summaryColumns = [
  'id',
  'status',
  'sender',
  'recipients',
  'subject',
  'message_id',
  'lane',
  'delivery',
  'attempts',
  'accepted_at',
  'scheduled_at',
  'finished_at',
  'due_at',
  'last_reply',
  'settled',
];

/** One email of a client, with its content if that has not been purged; undefined if there is none. */
export async function findEmail(sql: Query, clientId: string, id: string) {
  const [email] = await sql<
    (EmailSummary & { headers: AddressHeaders | null; text_body: string | null; html_body: string | null })[]
  >`
    select ${sql(summaryColumns)}, headers, text_body, html_body
    from emails left join email_contents on email_id = id
    where id = ${id} and client_id = ${clientId}`;
  return email;
}

export interface EmailFilter {
  status?: EmailStatus | undefined;
  /** One of the envelope recipients, whole. */
  recipient?: string | undefined;
  since?: Date | undefined;
  /** Id of the last email of the page before. */
  after?: string | undefined;
}

/** A client's emails, newest first, at most `limit`. */
export async function listEmails(
  sql: Query,
  clientId: string,
  { status, recipient, since, after }: EmailFilter,
  limit: number,
): Promise<EmailSummary[]> {
  return sql<EmailSummary[]>`
    select ${sql(summaryColumns)} from emails
    where client_id = ${clientId}
      ${status ? sql`and status = ${status}` : sql``}
      ${recipient ? sql`and recipients @> array[${recipient}]` : sql``}
      ${since ? sql`and accepted_at >= ${since}` : sql``}
      ${after ? sql`and id < ${after}` : sql``}
    order by id desc limit ${limit}`;
}
