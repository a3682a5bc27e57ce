// SQL of every change of an email's status: conditional on what the row is now, with the events that tell of it.
import type { Query } from '../db.ts';
import type { EmailStatus, OpenStatus, SettledRecipient } from './email.ts';
import type { NewEvent } from './events.ts';

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
