// SQL that stores new emails, each request once.

import { maySendAs } from '../clients/allowed-senders.ts';
import {
  type LimitName,
  type RateLimitRow,
  type RateLimits,
  rateLimitColumns,
  retryAfter,
  toRateLimits,
} from '../clients/rate-limits.ts';
import type { Query } from '../database.ts';
import { allSuppressed, suppressedAmong, suppressedDetail } from '../suppressions/suppressions.ts';
import type { DeliveryMode, EmailContent, Lane, Tag, UsedTemplate } from './email.ts';

export interface NewEmail extends EmailContent {
  id: string;
  lane: Lane;
  delivery: DeliveryMode;
  sender: string;
  recipients: string[];
  subject: string;
  message_id: string;
  /** Time asked for; null: at once. */
  scheduled_at: Date | null;
  expires_at: Date | null;
  traceparent: string | null;
  tags: Tag[];
  metadata: Record<string, string>;
  /** What it was rendered from. */
  template?: UsedTemplate | null;
}

/** What one request brings. */
export interface Acceptance {
  client_id: string;
  /** Under which key the request must have its effect once. */
  idempotency: { key: string; fingerprint: string } | null;
  emails: NewEmail[];
  /** True: emails whose sender their client may not use are left out. Otherwise one of them refuses them all. */
  permissive?: boolean;
}

export type AcceptedStatus = 'queued' | 'scheduled' | 'suppressed';

/** An email of a request whose sender its client may not use. */
export interface RefusedSender {
  /** Its place among the request's emails. */
  index: number;
  sender: string;
}

interface SenderRefusal {
  senders: RefusedSender[];
  /** What the client may use. */
  allowed_senders: string[];
}

/** What became of a request. `limits` is what its client has left; null: it has no limits. */
export type Accepted =
  | {
      outcome: 'stored';
      emails: { id: string; status: AcceptedStatus }[];
      /** Of a permissive request. */
      left_out: SenderRefusal;
      limits: RateLimits | null;
    }
  | ({ outcome: 'earlier'; limits: RateLimits | null } & EarlierRequest)
  | ({ outcome: 'sender_refused' } & SenderRefusal)
  | { outcome: 'limited'; by: LimitName; cost: number; retry_after_s: number; limits: RateLimits };

/** A request that had the same key before. */
export interface EarlierRequest {
  fingerprint: string;
  email_ids: string[];
  /** What the first of its emails was accepted with. */
  status: AcceptedStatus;
}

/**
 * Stores the emails of several requests in one statement, with their contents, events and idempotency keys, once it is seen that
 * their clients may use their senders and have not reached their limits. Recipients that are suppressed are settled as such, and an
 * email without others ends there. A request that is refused leaves nothing.
 *
 * `graceMs` is when dispatch publishes an id that no worker has claimed, because the direct publish was lost.
 */
export async function insertEmails(sql: Query, acceptances: Acceptance[], graceMs: number): Promise<Accepted[]> {
  const firstOf = firstsOfKeys(acceptances);
  const firsts = [...new Set(firstOf.values())];
  const rows = await storeEmails(sql, firsts, graceMs);
  const outcomes = new Map(firsts.map((first, index) => [first, outcomeOf(first, rows.get(index + 1) ?? [])]));
  const answers = acceptances.map((acceptance) => {
    const first = firstOf.get(acceptance) ?? acceptance;
    const outcome = outcomes.get(first);
    const isSettled = outcome?.outcome === 'limited' || (outcome?.outcome === 'stored' && first === acceptance);
    return { acceptance, outcome, isSettled: isSettled || acceptance.idempotency === null };
  });
  const earlier = await findEarlier(
    sql,
    answers.flatMap(({ acceptance, isSettled }) => (isSettled ? [] : [acceptance])),
  );
  return answers.map(({ acceptance, outcome, isSettled }) => {
    const found = isSettled ? undefined : earlier.get(keyOf(acceptance));
    const limits = outcome && 'limits' in outcome ? outcome.limits : null;
    if (found !== undefined) return { outcome: 'earlier', limits, ...found };
    // Purged in this very moment: the client asks again, as after any failure.
    if (outcome === undefined || outcome.outcome === 'key_taken') throw new Error('an idempotency key vanished');
    return outcome;
  });
}

/** One row an email. */
interface StoredRow extends Nullable<RateLimitRow> {
  request: number;
  id: string;
  /** Null: not stored. */
  status: AcceptedStatus | null;
  sender_allowed: boolean;
  /** Where the sender is not allowed. */
  allowed_senders: string[] | null;
  refused: LimitName | null;
}
type Nullable<Row> = { [Name in keyof Row]: Row[Name] | null };

/** By request, counted from 1. */
async function storeEmails(sql: Query, acceptances: Acceptance[], graceMs: number): Promise<Map<number, StoredRow[]>> {
  const given = acceptances.flatMap(({ client_id, idempotency, permissive = false, emails }, index) =>
    emails.map((email, position) => ({
      request: index + 1,
      client_id,
      permissive,
      ...idempotency,
      position,
      ...email,
    })),
  );
  const rows = await sql<StoredRow[]>`
    with given as (
      select * from json_to_recordset(${JSON.stringify(given)}::text::json) as given(
        request integer, id uuid, client_id text, permissive boolean, key text, fingerprint text, position integer, lane text,
        delivery text, sender text, recipients text[], subject text, message_id text, scheduled_at timestamptz,
        expires_at timestamptz, traceparent text, tags jsonb, metadata jsonb, headers jsonb, custom_headers jsonb,
        text_body text, html_body text, attachments jsonb, template jsonb)
    ), checked as (
      select given.id, request, given.client_id, key, permissive, allowed_senders,
             rate_per_second is not null or daily_quota is not null as has_limits,
             ${maySendAs(sql, sql`allowed_senders`, sql`sender`)} as sender_allowed
      from given left join clients using (client_id)
    ), requests as (
      select request, client_id, key, has_limits, count(*) filter (where sender_allowed)::integer as cost,
             bool_and(sender_allowed or permissive) and bool_or(sender_allowed) as allowed
      from checked group by request, client_id, key, has_limits
    ), taken as (
      -- One call for all, so that rows are locked in one order; none where no client has limits.
      select asking.requests[answer.request] as request, asking.costs[answer.request] as cost, answer.refused,
             ${sql.unsafe(rateLimitColumns)}
      from (select array_agg(request) as requests, array_agg(client_id) as client_ids, array_agg(key) as keys,
                   array_agg(cost) as costs
            from (select * from requests where has_limits and allowed order by request) each
            having count(*) > 0) asking,
           lateral take_allowances(client_ids, keys, costs) answer
    ), admitted as (
      select id from checked join requests using (request) left join taken using (request)
      where allowed and sender_allowed and refused is null
    ), keyed as (
      -- In one order everywhere, so that two groups with the same keys wait for each other but never in a circle.
      insert into idempotency_keys (client_id, key, fingerprint, email_ids)
      select client_id, key, fingerprint, array_agg(id order by position) from given
      where key is not null and id in (select id from admitted)
      group by client_id, key, fingerprint order by client_id, key
      on conflict do nothing
      returning email_ids
    ), looked_up as materialized (
      -- By itself, or the planner has the list looked through for each use of the column.
      select given.*, ${suppressedAmong(sql, sql`given.client_id`, sql`given.recipients`)} as settled
      from given join admitted using (id)
      where key is null or id in (select unnest(email_ids) from keyed)
    ), new as (
      select *, case when settled <> '{}' and (select count(*) from jsonb_object_keys(settled)) = cardinality(recipients)
                     then 'suppressed'
                     when scheduled_at is null then 'queued'
                     else 'scheduled' end as status
      from looked_up
    ), stored as (
      insert into emails (id, client_id, status, lane, delivery, sender, recipients, subject, message_id, scheduled_at,
                          expires_at, traceparent, tags, settled, wanted_at, queued_at, due_at, finished_at, last_reply)
      select id, client_id, status, lane, delivery, sender, recipients, subject, message_id, scheduled_at, expires_at,
             traceparent, tags, settled, coalesce(scheduled_at, now()), case when status = 'queued' then now() end,
             case status when 'scheduled' then scheduled_at
                         when 'queued' then now() + ${graceMs} * interval '1 millisecond' end,
             case when status = 'suppressed' then now() end,
             case when status = 'suppressed' then ${allSuppressed} end
      from new
      returning id, status
    ), contents as (
      insert into email_contents (email_id, headers, custom_headers, text_body, html_body, attachments, metadata,
                                  template)
      select id, headers, custom_headers, text_body, html_body, attachments, metadata, template from new
    ), events as (
      insert into email_events (email_id, type, detail)
      select id, type, detail from (
        select id, 0 as part, 'accepted' as type, jsonb_build_object('status', status) as detail from new
        union all
        select id, 1, 'suppressed', ${suppressedDetail(sql, sql`settled`)} from new where settled <> '{}') event
      order by id, part
    )
    select checked.request, id, status, sender_allowed, case when not sender_allowed then allowed_senders end as allowed_senders,
           refused, ${sql.unsafe(rateLimitColumns)}
    from checked left join stored using (id) left join taken using (request)`;
  const byRequest = new Map<number, StoredRow[]>();
  for (const row of rows) byRequest.set(row.request, [...(byRequest.get(row.request) ?? []), row]);
  return byRequest;
}

type StoreOutcome = Exclude<Accepted, { outcome: 'earlier' }> | { outcome: 'key_taken'; limits: RateLimits | null };

/** `rows` are of the emails of one request. */
function outcomeOf({ emails, permissive }: Acceptance, rows: StoredRow[]): StoreOutcome {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const senders = emails.flatMap(({ id, sender }, index) => (byId.get(id)?.sender_allowed ? [] : [{ index, sender }]));
  const allowed_senders = rows.find((row) => row.allowed_senders !== null)?.allowed_senders ?? [];
  if (senders.length > 0 && !permissive) return { outcome: 'sender_refused', senders, allowed_senders };

  const [first] = rows;
  const limited = first && hasLimits(first) ? first : undefined;
  const limits = limited ? toRateLimits(limited) : null;
  if (first?.refused && limited && limits) {
    const cost = emails.length - senders.length;
    const retry_after_s = retryAfter(first.refused, limited);
    return { outcome: 'limited', by: first.refused, cost, retry_after_s, limits };
  }
  const stored = emails.flatMap(({ id }) => {
    const status = byId.get(id)?.status ?? null;
    return status === null ? [] : [{ id, status }];
  });
  if (stored.length + senders.length < emails.length) return { outcome: 'key_taken', limits };
  return { outcome: 'stored', emails: stored, left_out: { senders, allowed_senders }, limits };
}

function hasLimits(row: StoredRow): row is StoredRow & RateLimitRow {
  return row.day_ends_in_s !== null;
}

/** What a client's request with this key has brought; undefined if none has had its effect in the last day. */
export async function findEarlierRequest(
  sql: Query,
  clientId: string,
  key: string,
): Promise<EarlierRequest | undefined> {
  const acceptance = { client_id: clientId, idempotency: { key } };
  return (await findEarlier(sql, [acceptance])).get(keyOf(acceptance));
}

/** About how much there is to store: what emails say, as that is what differs. */
export function bytesOf({ emails }: Acceptance): number {
  const lengths = emails.flatMap(({ text_body, html_body, attachments }) => [
    text_body?.length ?? 0,
    html_body?.length ?? 0,
    ...attachments.map(({ content }) => content.length),
  ]);
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** For each request that of its group which came first with its key: the one that has its effect. The others find what it left. */
function firstsOfKeys(acceptances: Acceptance[]): Map<Acceptance, Acceptance> {
  const firsts = new Map<string, Acceptance>();
  return new Map(
    acceptances.map((acceptance) => {
      if (acceptance.idempotency === null) return [acceptance, acceptance];
      const first = firsts.get(keyOf(acceptance)) ?? acceptance;
      firsts.set(keyOf(acceptance), first);
      return [acceptance, first];
    }),
  );
}

async function findEarlier(sql: Query, acceptances: Keyed[]): Promise<Map<string, EarlierRequest>> {
  if (acceptances.length === 0) return new Map();
  const wanted = acceptances.map(({ client_id, idempotency }) => ({ client_id, key: idempotency?.key }));
  const rows = await sql<({ client_id: string; key: string } & EarlierRequest)[]>`
    select client_id, key, fingerprint, email_ids,
           coalesce((select detail ->> 'status' from email_events
                     where email_id = email_ids[1] and type = 'accepted' order by id limit 1), 'queued') as status
    from idempotency_keys
    where (client_id, key) in (
      select client_id, key from json_to_recordset(${JSON.stringify(wanted)}::text::json) as wanted(client_id text, key text))`;
  return new Map(rows.map(({ client_id, key, ...found }) => [keyOf({ client_id, idempotency: { key } }), found]));
}

interface Keyed {
  client_id: string;
  idempotency: { key: string } | null;
}

function keyOf({ client_id, idempotency }: Keyed): string {
  return `${client_id}\n${idempotency?.key}`;
}
