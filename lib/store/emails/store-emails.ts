// The one statement that accepts emails: senders, limits, keys, suppressions, rows, contents and events.

import { maySendAs } from '../clients/allowed-senders.ts';
import { type LimitName, type RateLimitRow, rateLimitColumns } from '../clients/rate-limits.ts';
import type { Query } from '../database.ts';
import { allSuppressed, suppressedAmong, suppressedDetail } from '../suppressions/suppressions.ts';
import type { Acceptance } from './acceptance.ts';
import { type JoinedChunks, storingJoined } from './attachments.ts';
import { contentNames, givenNames, givenTypes } from './columns.ts';
import { ruleOf, type To } from './transitions.ts';
import { lookAtWaitingMs } from './waiting.ts';

/** Statuses that a new email may have. */
const begins: { [Status in To<'accept'>]: Status } = {
  queued: ruleOf('accept', 'queued').to,
  scheduled: ruleOf('accept', 'scheduled').to,
  suppressed: ruleOf('accept', 'suppressed').to,
};

/** One row an email. */
export interface StoredRow extends Nullable<RateLimitRow> {
  request: number;
  id: string;
  /** Null: not stored. */
  status: To<'accept'> | null;
  sender_allowed: boolean;
  /** Where the sender is not allowed. */
  allowed_senders: string[] | null;
  refused: LimitName | null;
}
type Nullable<Row> = { [Name in keyof Row]: Row[Name] | null };

/**
 * Stores what is not refused; returns the rows by request, counted from 1. `chunks` are of attachments that are stored with them.
 *
 * In the database: the function `take_allowances` (0002) locks the rows of clients with limits until the end of the transaction and
 * deducts what they use; a trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of each new event. There is
 * no foreign key to the client: a trigger (keep_clients_with_emails, 0006) keeps clients with emails from being deleted.
 */
export async function storeEmails(
  sql: Query,
  acceptances: Acceptance[],
  graceMs: number,
  chunks?: JoinedChunks,
): Promise<Map<number, StoredRow[]>> {
  const given = acceptances.flatMap(({ client_id, allowed_senders, idempotency, permissive = false, emails }, index) =>
    emails.map((email, position) => ({
      request: index + 1,
      client_id,
      permissive,
      ...(allowed_senders && { narrower: allowed_senders }),
      ...idempotency,
      position,
      ...email,
      // Their bytes go apart (attachments.ts), not through JSON.
      attachments: email.attachments.map(({ wire: _, ...attachment }) => attachment),
    })),
  );
  const rows = await sql<StoredRow[]>`
    with given as (
      -- One parameter however many emails there are, so that the statement is planned once.
      select * from json_to_recordset(${JSON.stringify(given)}::text::json) as given(
        request integer, client_id text, permissive boolean, narrower text[], key text, fingerprint text, position integer, waits boolean,
        ${sql.unsafe(givenTypes)})
    ), checked as (
      -- Comes first, because an email with a refused sender must not use up a limit.
      select given.id, request, given.client_id, key, permissive, coalesce(narrower, allowed_senders) as allowed_senders,
             rate_per_second is not null or daily_quota is not null as has_limits,
             ${maySendAs(sql, sql`allowed_senders`, sql`sender`)} and ${maySendAs(sql, sql`narrower`, sql`sender`)} as sender_allowed
      from given left join clients using (client_id)
    ), requests as (
      -- Limits apply to a request as a whole: all of it is stored or refused, except for senders that a permissive one leaves out.
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
      -- Emails that neither their sender nor a limit excludes; the parts below write only these.
      select id from checked join requests using (request) left join taken using (request)
      where allowed and sender_allowed and refused is null
    ), keyed as (
      -- Always in this order, so that two groups with the same keys cannot deadlock.
      insert into idempotency_keys (client_id, key, fingerprint, email_ids)
      select client_id, key, fingerprint, array_agg(id order by position) from given
      where key is not null and id in (select id from admitted)
      group by client_id, key, fingerprint order by client_id, key
      on conflict do nothing
      returning email_ids
    ), looked_up as materialized (
      -- Materialized, or the planner would search the suppressions again for each use of the column.
      select given.*, ${suppressedAmong(sql, sql`given.client_id`, sql`given.recipients`)} as settled
      from given join admitted using (id)
      where key is null or id in (select unnest(email_ids) from keyed)
    ), new as (
      -- Decided once, because the row, its times and its event all depend on it.
      select *, case when settled <> '{}' and (select count(*) from jsonb_object_keys(settled)) = cardinality(recipients)
                     then ${begins.suppressed}
                     when scheduled_at is null then ${begins.queued}
                     else ${begins.scheduled} end as status
      from looked_up
    ), stored as (
      -- The row backs the 202: its due_at brings dispatch to it, whatever happens to the queue.
      insert into emails (client_id, ${sql.unsafe(givenNames)}, status, settled, wanted_at, queued_at, due_at, finished_at,
                          last_reply)
      select client_id, ${sql.unsafe(givenNames)}, status, settled, coalesce(scheduled_at, now()),
             case when status = 'queued' and waits is not true then now() end,
             case status when 'scheduled' then scheduled_at
                         when 'queued' then now() + case when waits then ${lookAtWaitingMs} else ${graceMs} end::double precision
                                                    * interval '1 millisecond' end,
             case when status = 'suppressed' then now() end,
             case when status = 'suppressed' then ${allSuppressed} end
      from new
      returning id, status
    ), contents as (
      -- Apart from the row, so that changes of status stay small and contents can be purged alone.
      insert into email_contents (email_id, ${sql.unsafe(contentNames)})
      select id, ${sql.unsafe(contentNames)} from new
    ), events as (
      -- The history begins here; 'accepted' also keeps the answer for later requests with the same key.
      insert into email_events (email_id, type, detail)
      select id, type, detail from (
        select id, 0 as part, 'accepted' as type, jsonb_build_object('status', status) as detail from new
        union all
        select id, 1, 'suppressed', ${suppressedDetail(sql, sql`settled`)} from new where settled <> '{}') event
      order by id, part
    )${chunks ? storingJoined(sql, chunks) : sql``}
    -- Also has a row for each email that was not stored, with the reason.
    select checked.request, id, status, sender_allowed, case when not sender_allowed then allowed_senders end as allowed_senders,
           refused, ${sql.unsafe(rateLimitColumns)}
    from checked left join stored using (id) left join taken using (request)`;
  const byRequest = new Map<number, StoredRow[]>();
  for (const row of rows) byRequest.set(row.request, [...(byRequest.get(row.request) ?? []), row]);
  return byRequest;
}
