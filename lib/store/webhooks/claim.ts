// SQL of a worker's claim on deliveries: claims them, with their event and endpoint, and records their outcomes.
import type { Query } from '../database.ts';
import type { Tag } from '../emails/email.ts';
import type { DeliveryStatus } from './webhook.ts';

/** What a delivery reports: an event as it was recorded, and its email. Erased data is no longer in them. */
export interface ToldEvent {
  email_id: string;
  at: Date;
  detail: Record<string, unknown>;
  /** The last conversation with a relay that the event is the outcome of. */
  attempt: Record<string, unknown> | null;
  sender: string;
  recipients: string[];
  /** Addresses of its To header; null once the email's contents have been purged. */
  to: string[] | null;
  subject: string;
  message_id: string;
  tags: Tag[];
  /** What it was rendered from; null also once the email's contents have been purged. */
  template_id: string | null;
  accepted_at: Date;
  /** Null once the email's contents have been purged. */
  metadata: Record<string, string> | null;
  /** Of the request that brought the email (W3C Trace Context). */
  traceparent: string | null;
}

interface ClaimedDeliveryRow {
  id: string;
  webhook_id: string;
  client_id: string;
  type: string;
  /** Number of this attempt, from 1; fences what the attempt records. */
  attempts: number;
  created_at: Date;
  /** How long it has been wanted. */
  wanted_for_ms: number;
  url: string;
  /** Those that have not expired, newest first. */
  secrets: string[];
  disabled: boolean;
}

/** A delivery without an event is an example that its client asked for. */
export type ClaimedDelivery = ClaimedDeliveryRow & (ToldEvent | { [Name in keyof ToldEvent]: null });

/** Claims those of `ids` that are queued, for `leaseMs`. An id missing from the answer is another worker's, at its end, or deleted. */
export async function claimDeliveries(sql: Query, ids: string[], leaseMs: number): Promise<ClaimedDelivery[]> {
  return sql<ClaimedDelivery[]>`
    with claimable as (
      select id from webhook_deliveries
      where id = any(${ids}::uuid[]) and status = 'pending' and queued_at is not null order by id for update
    ), claimed as (
      update webhook_deliveries
      set status = 'delivering', attempts = attempts + 1, due_at = now() + ${leaseMs} * interval '1 millisecond'
      from claimable where webhook_deliveries.id = claimable.id
      returning webhook_deliveries.*
    )
    select claimed.id, webhook_id, client_id, claimed.type, claimed.attempts, claimed.created_at, url,
           (extract(epoch from now() - claimed.wanted_at) * 1000)::double precision as wanted_for_ms,
           array(select secret ->> 'secret' from jsonb_array_elements(secrets) with ordinality each(secret, position)
                 where coalesce((secret ->> 'expires_at')::timestamptz > now(), true) order by position) as secrets,
           disabled_at is not null as disabled,
           claimed.email_id, event.at, event.detail, attempt.detail as attempt, sender, recipients, subject, message_id, tags, accepted_at, traceparent, metadata,
           content.template ->> 'id' as template_id,
           (select json_agg(mailbox ->> 'email') from jsonb_array_elements(content.headers -> 'to') mailbox) as "to"
    from claimed
    join webhooks on webhooks.id = webhook_id
    left join (select id, sender, recipients, subject, message_id, tags, accepted_at, traceparent from emails) email on email.id = claimed.email_id
    left join email_events event on event.email_id = claimed.email_id and event.id = claimed.event_id
    left join email_contents content on content.email_id = claimed.email_id
    left join lateral (
      select detail from email_events earlier
      where earlier.email_id = claimed.email_id and earlier.id < claimed.event_id and earlier.type = 'attempt'
      order by earlier.id desc limit 1
    ) attempt on event.type in ('sent', 'deferred', 'bounced', 'failed', 'unknown') and not event.detail ? 'source'`;
}

/** How an attempt ended for the delivery. */
export interface DeliveryOutcome {
  id: string;
  /** Number of the attempt. */
  attempts: number;
  status: Exclude<DeliveryStatus, 'delivering'>;
  /** Until the next attempt; null exactly at an end. */
  due_in_ms: number | null;
  /** HTTP status of the answer; null if none came. */
  status_code: number | null;
  /** Why it failed; null if it did not. */
  reason: string | null;
  ms: number;
}

/** Records outcomes in one statement. Returns the ids that changed; a missing one had lost its claim. */
export async function recordOutcomes(sql: Query, outcomes: DeliveryOutcome[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    update webhook_deliveries
    set status = outcome.status, due_at = now() + outcome.due_in_ms * interval '1 millisecond', queued_at = null,
        finished_at = case when outcome.due_in_ms is null then now() end, last_attempt_at = now(),
        last_status_code = outcome.status_code, last_reason = outcome.reason, last_ms = outcome.ms
    from json_to_recordset(${JSON.stringify(outcomes)}::text::json) as outcome(
      id uuid, attempts integer, status text, due_in_ms double precision, status_code integer, reason text, ms integer)
    where webhook_deliveries.id = any(${outcomes.map(({ id }) => id)}::uuid[]) and webhook_deliveries.id = outcome.id
      and webhook_deliveries.status = 'delivering' and webhook_deliveries.attempts = outcome.attempts
    returning webhook_deliveries.id`;
  return new Set(rows.map(({ id }) => id));
}
