// SQL of transitions that dispatch, workers and clients decide outside of the database: conditional on the row's state, with their events.
import type { Query } from '../database.ts';
import type { SettledRecipient } from './email.ts';
import { type NewEvent, quotingDetails } from './events.ts';
import { type From, type Mover, ruleOf, type To } from './transitions.ts';

/** Movers that decide on a row read before, which may have changed. The others have their own statements, which decide and write at once. */
type Decider = Extract<Mover, 'dispatch' | 'cancel' | 'attempt' | 'release'>;
type Change<By extends Decider> = {
  by: By;
  to: To<By>;
  /** Statuses that the decision holds for, if fewer than the table allows. */
  from?: readonly From<By>[];
};

/** A change of an email's status. It is made only if the row is still as it was when the change was decided. */
export type Transition<By extends Decider = Decider> = { [Each in By]: Change<Each> }[By] & {
  id: string;
  /** Number of attempts when the change was decided. */
  attempts: number;
  /** When dispatch must look again; null exactly at an end. */
  due_in_ms: number | null;
  /** True, of one that goes to `queued`: it waits until dispatch gives it a place on the queue. */
  waits?: boolean;
  settled: Record<string, SettledRecipient>;
  last_reply: string | null;
  /** Recipients that bounced because they take no mail: the transition also suppresses them for the client. */
  hard_bounces?: string[];
  /** Recorded if the status changed: the one that the table names. */
  events: readonly NewEvent[];
  /** Recorded in any case: they happened. */
  facts: readonly NewEvent[];
};

/** The transition as it is written. Throws when the table does not have it, or has another event for it. */
function checked(transition: Transition) {
  const { id, by, to, events } = transition;
  const rule = ruleOf<Decider, To<Decider>>(by, to);
  const from = transition.from ?? rule.from;
  if (!from.every((status) => rule.from.includes(status))) {
    throw new Error(`no transition of email ${id} from ${from.join(', ')} to ${to} by ${by}`);
  }
  if (events.length !== 1 || events[0]?.type !== rule.event) {
    throw new Error(`the transition of email ${id} to ${to} by ${by} is told by ${rule.event}`);
  }
  return { ...transition, from };
}

/**
 * Makes the transitions, records their events and suppresses hard bounces, in one statement. Returns the ids whose status changed;
 * for a missing id, somebody else had changed the row first.
 *
 * A trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of each new event, in the same transaction. One on `emails`
 * (use_kept_reports, 0019) has reports count that came while an email was being sent: its status may be further on then than `to`.
 */
export async function transitionEmails(sql: Query, transitions: Transition[]): Promise<Set<string>> {
  const given = transitions.map(checked);
  const ids = transitions.map(({ id }) => id);
  // `any` shows the planner how few rows there are. With the join alone, it may choose to scan the whole table, and keep that plan.
  const rows = await sql<{ id: string }[]>`
    with given as (
      select * from json_to_recordset(${JSON.stringify(given)}::text::json) as given(
        id uuid, "from" text[], attempts integer, "to" text, due_in_ms double precision, waits boolean, settled jsonb, last_reply text,
        hard_bounces json, events json, facts json)
    ), changed as (
      update emails
      set status = given."to",
          due_at = now() + given.due_in_ms * interval '1 millisecond',
          finished_at = case when given.due_in_ms is null then now() end,
          queued_at = case when given.waits then null
                           when given."to" = 'queued' and (emails.status <> 'queued' or queued_at is null) then now()
                           else queued_at end,
          -- Who was reported of meanwhile is further on than what the attempt says.
          settled = case when given.settled = '{}' then emails.settled else given.settled || emails.settled end,
          last_reply = coalesce(given.last_reply, emails.last_reply)
      from given
      where emails.id = any(${ids}::uuid[]) and emails.id = given.id and emails.status = any(given."from") and emails.attempts = given.attempts
      returning emails.id, client_id
    ), unchanged as (
      -- Locked, so that an erasure under way ends before we decide what may be written.
      select id, erased_at is not null as erased from emails
      where id = any(${ids}::uuid[]) and id not in (select id from changed)
      for key share
    ), recorded as (
      insert into email_events (email_id, type, detail)
      -- If the recipient was erased meanwhile, a late worker's report is stored without fields that quote the address.
      select given.id, event.type, case when unchanged.erased then event.detail - ${quotingDetails}::text[] else event.detail end
      from given left join changed using (id) left join unchanged using (id),
           lateral (select 0 as part, * from json_to_recordset(given.facts) as fact(type text, detail jsonb)
                    union all
                    select 1, * from json_to_recordset(given.events) as fact(type text, detail jsonb)
                    where changed.id is not null) event
      where changed.id is not null or unchanged.id is not null
    ), suppressed as (
      -- Always in this order, so that two groups with the same recipients cannot deadlock.
      insert into suppressions (client_id, recipient, reason, email_id, detail)
      select client_id, lower(recipient), 'hard_bounce', id,
             concat_ws(' ', given.settled -> recipient ->> 'code', given.settled -> recipient ->> 'enhanced_code',
                       given.settled -> recipient ->> 'reply')
      from changed join given using (id), json_array_elements_text(given.hard_bounces) recipient
      order by client_id, lower(recipient)
      on conflict do nothing
    )
    select id from changed`;
  return new Set(rows.map(({ id }) => id));
}
