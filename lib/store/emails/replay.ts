// SQL that sends emails at their end again: the only way out of an end.
import { maySendAs } from '../clients/allowed-senders.ts';
import type { Query } from '../database.ts';
import { replaySets } from './columns.ts';
import type { Lane } from './email.ts';
import { mayRepeat } from './events.ts';
import { type EmailFilter, matching, type Owner, ownedBy } from './filter.ts';
import { type ReplayableStatus, ruleOf } from './transitions.ts';
import { lookAtWaitingMs } from './waiting.ts';

const replaying = ruleOf('replay', 'queued');

/** Only emails from these; null: from anybody. */
type Senders = readonly string[] | null;

export type ReplayFilter = EmailFilter & { status: readonly ReplayableStatus[]; senders?: Senders };

/** Emails replayed together that go on the queue at once; where there are more, they all wait for places there. */
const share = 20;

/** To be published once the replay is committed, unless it waits for a place on the queue. */
export interface ReplayedEmail {
  id: string;
  lane: Lane;
  traceparent: string | null;
  waits: boolean;
}

/** Replays one email; undefined when it is not at an end that allows it, its contents are gone, it was replayed too often, or it is not the owner's. */
export async function replayEmail(sql: Query, owner: Owner, id: string, dueInMs: number, senders: Senders = null) {
  const one = sql`id = ${id} and ${ownedBy(sql, owner)} and ${isFrom(sql, senders)} for update`;
  const [replayed] = await replay(sql, one, dueInMs);
  return replayed;
}

/** Replays up to `limit` emails, the oldest first, and skips those that somebody else has locked. */
export async function replayEmails(sql: Query, owner: Owner, filter: ReplayFilter, limit: number, dueInMs: number) {
  const { senders = null } = filter;
  const some = sql`${matching(sql, owner, filter)} and ${isFrom(sql, senders)} order by id limit ${limit} for update skip locked`;
  return replay(sql, some, dueInMs);
}

/** Whether the filter finds emails that can be replayed. */
export async function areReplayable(sql: Query, owner: Owner, filter: ReplayFilter): Promise<boolean> {
  const { senders = null } = filter;
  const rows = await sql`
    select from emails join email_contents on email_id = id 
    where ${mayRepeat(sql, sql`emails.id`, 'replayed')} and ${matching(sql, owner, filter)}
      and ${isFrom(sql, senders)} limit 1`;
  return rows.length > 0;
}

function isFrom(sql: Query, senders: Senders) {
  return maySendAs(sql, sql`${senders as string[] | null}::text[]`, sql`sender`);
}

/** Whether an email of the owner was replayed as often as it may be. */
export async function isReplayedOut(sql: Query, owner: Owner, id: string): Promise<boolean> {
  const rows = await sql`
    select from emails where id = ${id} and ${ownedBy(sql, owner)} and not ${mayRepeat(sql, sql`emails.id`, 'replayed')}`;
  return rows.length === 1;
}

/**
 * A replay is a new attempt on the same row: its age counts from now, an expiry that has passed is void, and recipients that already
 * have the email do not get it again. After `dueInMs`, dispatch publishes an id that no worker has claimed.
 *
 * A trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of the event, in the same transaction.
 */
async function replay(sql: Query, lockedOnes: ReturnType<typeof matching>, dueInMs: number): Promise<ReplayedEmail[]> {
  return sql<ReplayedEmail[]>`
    with ended as (
      -- Locks the contents, too: if a purge is deleting them, the email is not found.
      select id, status from emails join email_contents on email_id = id
      where status = any(${replaying.from}) and ${mayRepeat(sql, sql`emails.id`, 'replayed')} and ${lockedOnes}
    ), places as (
      select count(*) > ${share} as waits from ended
    ), again as (
      update emails
      set ${sql.unsafe(replaySets)}, status = ${replaying.to},
          queued_at = case when not waits then now() end,
          due_at = now() + case when waits then ${lookAtWaitingMs} else ${dueInMs} end::double precision * interval '1 millisecond',
          expires_at = case when expires_at > now() then expires_at end,
          settled = (select coalesce(jsonb_object_agg(recipient, outcome), '{}')
                     from jsonb_each(settled) as each(recipient, outcome) where outcome ->> 'status' in ('sent', 'delivered', 'complained'))
      from ended, places where emails.id = ended.id
      returning emails.id, lane, traceparent, waits
    ), recorded as (
      insert into email_events (email_id, type, detail)
      select id, ${replaying.event}, jsonb_build_object('status', status) from ended
    )
    select id, lane, traceparent, waits from again order by id`;
}
