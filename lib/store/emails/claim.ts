// SQL of a worker's claim on emails: takes it, renews its lease, notes that transmission begins.
import type { Query } from '../database.ts';
import { allSuppressed, suppressedAmong, suppressedDetail } from '../suppressions/suppressions.ts';
import type { Attachment, DeliveryMode, EmailContent, Lane, SettledRecipient } from './email.ts';
import { claimedStatus, ruleOf, type To } from './transitions.ts';

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
  /** How long its delivery has been wanted; at a certain age it is given up. */
  wanted_for_ms: number;
  /** How long it may still be delivered; null: for ever. */
  expires_in_ms: number | null;
  accepted_at: Date;
  traceparent: string | null;
  settled: Record<string, SettledRecipient>;
  /**
   * The end it reached instead of a claim, because its client suppresses every recipient that was left: `suppressed`, unless other
   * recipients have it or have bounced. Null: claimed.
   */
  ended: ClaimEnd | null;
}

export type ClaimEnd = Exclude<To<'claim'>, 'sending'>;

/** What an email says, as a claim brings it. */
interface ClaimedContent extends Omit<EmailContent, 'attachments'> {
  /** Null: left out, as they are of a row that has their bytes in it. */
  attachments: Attachment[] | null;
  /** What is stored with these; attachments that are read apart do not count. */
  content_bytes: number;
}

export type ClaimedEmail = ClaimedRow & ClaimedContent;
/** An email that is claimed, and perhaps has lost its contents. */
export type Claim = ClaimedEmail | (ClaimedRow & { [Name in keyof ClaimedContent]: null });

/** A claim brings contents up to this many bytes: nearly all, and with them many emails can be held at once. */
const broughtAlong = 65_536;

/** Whether the claim left out texts, which are to be read when there is room for them (`readContents`). */
export function isWithoutTexts({ content_bytes }: Pick<ClaimedEmail, 'content_bytes'>): boolean {
  return content_bytes > broughtAlong;
}

const claiming = ruleOf('claim', 'sending');
/** The ends that a claim may find; each has an event of the same name. */
const ends: { [End in ClaimEnd]: End } = {
  suppressed: ruleOf('claim', 'suppressed').to,
  sent: ruleOf('claim', 'sent').to,
  bounced: ruleOf('claim', 'bounced').to,
};

/**
 * Claims those of `ids` that are queued, for `leaseMs`. Until then nobody else may claim them. An id missing from the answer is
 * claimed by another worker, at its end, or unknown. Recipients that were suppressed meanwhile are settled as such, with their
 * event; an email without other recipients ends instead of being claimed.
 *
 * A trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of each new event, in the same transaction.
 */
export async function claimEmails(sql: Query, ids: string[], leaseMs: number): Promise<Claim[]> {
  const unsettled = sql`array(select recipient from unnest(recipients) recipient where not settled ? recipient)`;
  return sql<Claim[]>`
    with claimable as (
      select id, settled, ${unsettled} as unsettled, ${suppressedAmong(sql, sql`emails.client_id`, unsettled)} as suppressed
      from emails where id = any(${ids}::uuid[]) and status = any(${claiming.from}) order by id for update
    ), decided as (
      select id, suppressed,
             -- Of a replay, reports may have settled all before.
             case when (select count(*) from jsonb_object_keys(suppressed)) < cardinality(unsettled) then null
                  when jsonb_path_exists(settled, '$.*.status ? (@ == "sent" || @ == "delivered" || @ == "complained")') then ${ends.sent}
                  when jsonb_path_exists(settled, '$.*.status ? (@ == "bounced")') then ${ends.bounced}
                  else ${ends.suppressed} end as ended
      from claimable
    ), claimed as (
      update emails
      set status = coalesce(ended, ${claiming.to}),
          attempts = attempts + case when ended is null then 1 else 0 end,
          due_at = case when ended is null then now() + ${leaseMs} * interval '1 millisecond' end,
          finished_at = case when ended is not null then now() end,
          settled = settled || suppressed,
          last_reply = case when ended = ${ends.suppressed} then ${allSuppressed} else last_reply end,
          data_started_at = null
      from decided where emails.id = decided.id
      returning emails.*, ended, suppressed
    ), recorded as (
      insert into email_events (email_id, type, detail)
      select id, type, detail from (
        select id, 0 as part, 'suppressed' as type, ${suppressedDetail(sql, sql`suppressed`)} as detail
        from claimed where suppressed <> '{}'
        union all
        select id, 1, ended, jsonb_build_object('reason', case when suppressed = '{}' then 'reports say what became of each recipient'
                                                                 else 'the other recipients are on the suppression list' end)
        from claimed where ended in (${ends.sent}, ${ends.bounced})) event
      order by id, part
    )
    select id, client_id, lane, delivery, sender, subject, message_id, attempts, accepted_at, settled, traceparent, ended,
           (extract(epoch from now() - wanted_at) * 1000)::double precision as wanted_for_ms,
           (extract(epoch from expires_at - now()) * 1000)::double precision as expires_in_ms,
           ${unsettled} as recipients, headers, custom_headers, content_bytes,
           case when content_bytes <= ${broughtAlong} then text_body end as text_body,
           case when content_bytes <= ${broughtAlong} then html_body end as html_body,
           case when pg_column_size(attachments) <= ${broughtAlong} then attachments end as attachments
    from claimed left join email_contents on email_id = id,
         -- No length needs the value itself, which may be stored out of line.
         lateral (select coalesce(octet_length(text_body), 0) + coalesce(octet_length(html_body), 0)
                         + pg_column_size(attachments) as content_bytes) size`;
}

/** What a claim left out. Undefined: it is gone, and so is the claim. */
export async function readContents(sql: Query, id: string) {
  const [contents] = await sql<Pick<EmailContent, 'text_body' | 'html_body' | 'attachments'>[]>`
    select text_body, html_body, attachments from email_contents where email_id = ${id}`;
  return contents;
}

/** Renews the leases of attempts under way, so that they do not count as dead. Resolves with the ids whose claims still held. */
export async function renewLeases(
  sql: Query,
  claims: { id: string; attempts: number }[],
  leaseMs: number,
): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    update emails set due_at = now() + ${leaseMs} * interval '1 millisecond'
    from json_to_recordset(${JSON.stringify(claims)}::text::json) as claim(id uuid, attempts integer)
    where emails.id = any(${claims.map(({ id }) => id)}::uuid[])
      and emails.id = claim.id and status = ${claimedStatus} and emails.attempts = claim.attempts
    returning emails.id`;
  return new Set(rows.map(({ id }) => id));
}

/** Notes that the attempt is about to transmit: if its worker dies after this, the outcome is unknown. False: the lease is lost. */
export async function markDataStarted(sql: Query, id: string, attempt: number): Promise<boolean> {
  const rows = await sql`
    update emails set data_started_at = now()
    where id = ${id} and status = ${claimedStatus} and attempts = ${attempt} returning id`;
  return rows.length === 1;
}
