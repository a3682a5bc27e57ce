// SQL of every change of an email's status: conditional on what the row is now, with the events that tell of it.
import type { Query } from '../database.ts';
import type { EmailStatus, OpenStatus, SettledRecipient } from './email.ts';
import { type NewEvent, quotingDetails } from './events.ts';

/** A change of an open email's status (an end is left by replay.ts alone), made only while the row is as the one who decided had seen it. */
export interface Move {
  id: string;
  /** Statuses the row may have now. */
  from: OpenStatus[];
  /** Attempts begun when the decision was made. */
  attempts: number;
  to: EmailStatus;
  /** When dispatch must look again; null exactly at an end. */
  due_in_ms: number | null;
  settled: Record<string, SettledRecipient>;
  last_reply: string | null;
  /** Recipients that bounced as they take no mail: with the move, their client sends no more to them. */
  hard_bounces?: string[];
  /** Recorded if the status changed. */
  events: NewEvent[];
  /** Recorded in any case: they happened. */
  facts: NewEvent[];
}

/** Makes the moves, records their events and suppresses what bounced for good, in one statement. Returns the ids that moved; a missing one had been moved by somebody else. */
export async function moveEmails(sql: Query, moves: Move[]): Promise<Set<string>> {
  const ids = moves.map(({ id }) => id);
  // `any` tells the planner how few rows they are. From the join alone it may read the whole table, and keep to that while it grows.
  const rows = await sql<{ id: string }[]>`
    with move as (
      select * from json_to_recordset(${JSON.stringify(moves)}::text::json) as move(
        id uuid, "from" text[], attempts integer, "to" text, due_in_ms double precision, settled jsonb, last_reply text,
        hard_bounces json, events json, facts json)
    ), moved as (
      update emails
      set status = move."to",
          due_at = now() + move.due_in_ms * interval '1 millisecond',
          finished_at = case when move.due_in_ms is null then now() end,
          queued_at = case when move."to" = 'queued' and emails.status <> 'queued' then now() else queued_at end,
          settled = case when move.settled = '{}' then emails.settled else emails.settled || move.settled end,
          last_reply = coalesce(move.last_reply, emails.last_reply)
      from move
      where emails.id = any(${ids}::uuid[]) and emails.id = move.id and emails.status = any(move."from") and emails.attempts = move.attempts
      returning emails.id, client_id
    ), unmoved as (
      -- Locked, so that an erasure under way is over before it is decided what may be written.
      select id, erased_at is not null as erased from emails
      where id = any(${ids}::uuid[]) and id not in (select id from moved)
      for key share
    ), recorded as (
      insert into email_events (email_id, type, detail)
      -- What a late worker reports of an email whose recipient was erased meanwhile is kept without what quotes the address.
      select move.id, event.type, case when unmoved.erased then event.detail - ${quotingDetails}::text[] else event.detail end
      from move left join moved using (id) left join unmoved using (id),
           lateral (select 0 as part, * from json_to_recordset(move.facts) as fact(type text, detail jsonb)
                    union all
                    select 1, * from json_to_recordset(move.events) as fact(type text, detail jsonb)
                    where moved.id is not null) event
      where moved.id is not null or unmoved.id is not null
    ), suppressed as (
      -- In one order everywhere, so that two groups with the same recipients never wait in a circle.
      insert into suppressions (client_id, recipient, reason, email_id, detail)
      select client_id, lower(recipient), 'hard_bounce', id,
             concat_ws(' ', move.settled -> recipient ->> 'code', move.settled -> recipient ->> 'enhanced_code',
                       move.settled -> recipient ->> 'reply')
      from moved join move using (id), json_array_elements_text(move.hard_bounces) recipient
      order by client_id, lower(recipient)
      on conflict do nothing
    )
    select id from moved`;
  return new Set(rows.map(({ id }) => id));
}
