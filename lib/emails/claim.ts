// SQL of a worker's claim on emails: taking it, keeping it, saying that transmission begins.
import type { Query } from '../db.ts';
import type { Lane } from '../queue/topology.ts';
import type { DeliveryMode, EmailContent, SettledRecipient } from './email.ts';

interface ClaimedRow {
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
  lane: Lane;
  /** How long its delivery has been wanted; it is given up at a certain age. */
  wanted_for_ms: number;
  /** How long it may still be delivered; null: for ever. */
  expires_in_ms: number | null;
  accepted_at: Date;
  traceparent: string | null;
  settled: Record<string, SettledRecipient>;
}

export type ClaimedEmail = ClaimedRow & EmailContent;
/** An email that is claimed, and perhaps has lost its contents. */
export type Claim = ClaimedEmail | (ClaimedRow & { [Name in keyof EmailContent]: null });

/**
 * Claims those of `ids` that are queued, for `leaseMs`: until then nobody else may have them. An id that is missing from the
 * answer was claimed by somebody else, is at its end, or never was an email.
 */
export async function claimEmails(sql: Query, ids: string[], leaseMs: number): Promise<Claim[]> {
  return sql<Claim[]>`
    with claimable as (
      select id from emails where id = any(${ids}::uuid[]) and status = 'queued' order by id for update
    ), claimed as (
      update emails
      set status = 'sending', attempts = attempts + 1, due_at = now() + ${leaseMs} * interval '1 millisecond',
          data_started_at = null
      from claimable where emails.id = claimable.id
      returning emails.*
    )
    select id, client_id, lane, delivery, sender, subject, message_id, attempts, accepted_at, settled, traceparent,
           (extract(epoch from now() - wanted_at) * 1000)::double precision as wanted_for_ms,
           (extract(epoch from expires_at - now()) * 1000)::double precision as expires_in_ms,
           array(select recipient from unnest(recipients) recipient where not settled ? recipient) as recipients,
           headers, custom_headers, text_body, html_body, attachments
    from claimed left join email_contents on email_id = id`;
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
    where emails.id = any(${claims.map(({ id }) => id)}::uuid[])
      and emails.id = claim.id and status = 'sending' and emails.attempts = claim.attempts`;
}

/** Says that the attempt is about to transmit the message; from here on its loss means that the outcome is unknown. False: the lease is lost. */
export async function markDataStarted(sql: Query, id: string, attempt: number): Promise<boolean> {
  const rows = await sql`
    update emails set data_started_at = now()
    where id = ${id} and status = 'sending' and attempts = ${attempt} returning id`;
  return rows.length === 1;
}
