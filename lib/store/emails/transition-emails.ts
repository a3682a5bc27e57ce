// SQL of changes that are decided outside of the database, by dispatch, workers and clients: conditional on what the row is now, with the events that tell of them.
import type { Query } from '../database.ts';
import type { SettledRecipient } from './email.ts';
import { type NewEvent, quotingDetails } from './events.ts';
import { type From, type Mover, ruleOf, type To } from './transitions.ts';

/** Who decides on what was read before, and may find the row changed. The other movers have statements of their own, which decide as they write. */
type Decider = Extract<Mover, 'dispatch' | 'cancel' | 'attempt' | 'release'>;
type Change<By extends Decider> = {
  by: By;
  to: To<By>;
  /** Where it is made from fewer statuses than the table allows: those the decision is for. */
  from?: readonly From<By>[];
};

/** A change of an email's status, made only while the row is as the one who decided had seen it. */
export type Transition<By extends Decider = Decider> = { [Each in By]: Change<Each> }[By] & {
  id: string;
  /** Attempts begun when the decision was made. */
  attempts: number;
  /** When dispatch must look again; null exactly at an end. */
  due_in_ms: number | null;
  /** True, of one that goes to `queued`: it waits until dispatch gives it a place on the queue. */
  waits?: boolean;
  settled: Record<string, SettledRecipient>;
  last_reply: string | null;
  /** Recipients that bounced as they take no mail: with the transition, their client sends no more to them. */
  hard_bounces?: string[];
  /** Recorded if the status changed: the one that the table names. */
  events: readonly NewEvent[];
  /** Recorded in any case: they happened. */
  facts: readonly NewEvent[];
};

/** As it is written. Throws when it is not in the table, or its event is another one. */
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
 * Makes the transitions, records their events and suppresses what bounced for good, in one statement. Returns the ids whose status
 * changed; a missing one had been changed by somebody else.
 *
 * A trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of each new event, in the same transaction.
 */
export async function transitionEmails(sql: Query, transitions: Transition[]): Promise<Set<string>> {
  const given = transitions.map(checked);
  const ids = transitions.map(({ id }) => id);
  // `any` tells the planner how few rows they are. From the join alone it may read the whole table, and keep to that while it grows.
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
          settled = case when given.settled = '{}' then emails.settled else emails.settled || given.settled end,
          last_reply = coalesce(given.last_reply, emails.last_reply)
      from given
      where emails.id = any(${ids}::uuid[]) and emails.id = given.id and emails.status = any(given."from") and emails.attempts = given.attempts
      returning emails.id, client_id
    ), unchanged as (
      -- Locked, so that an erasure under way is over before it is decided what may be written.
      select id, erased_at is not null as erased from emails
      where id = any(${ids}::uuid[]) and id not in (select id from changed)
      for key share
    ), recorded as (
      insert into email_events (email_id, type, detail)
      -- What a late worker reports of an email whose recipient was erased meanwhile is kept without what quotes the address.
      select given.id, event.type, case when unchanged.erased then event.detail - ${quotingDetails}::text[] else event.detail end
      from given left join changed using (id) left join unchanged using (id),
           lateral (select 0 as part, * from json_to_recordset(given.facts) as fact(type text, detail jsonb)
                    union all
                    select 1, * from json_to_recordset(given.events) as fact(type text, detail jsonb)
                    where changed.id is not null) event
      where changed.id is not null or unchanged.id is not null
    ), suppressed as (
      -- In one order everywhere, so that two groups with the same recipients never wait in a circle.
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
