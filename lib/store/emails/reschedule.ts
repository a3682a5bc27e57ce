// SQL that moves the time of a scheduled email.
import type { Query } from '../database.ts';
import { mayRepeat } from './events.ts';
import { ruleOf } from './transitions.ts';

const rescheduling = ruleOf('reschedule', 'scheduled');

/**
 * Sets another time for a client's email, with its event. False when the email is not scheduled (any more), would expire
 * before, or was given other times too often. To be called in a transaction.
 *
 * A trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of the event, in the same transaction.
 */
export async function rescheduleEmail(sql: Query, clientId: string, id: string, scheduledAt: Date): Promise<boolean> {
  // First, so that the next statement counts what those that held the lock before have recorded.
  await sql`select from emails where id = ${id} and client_id = ${clientId} for no key update`;
  const rows = await sql`
    with rescheduled as (
      update emails set status = ${rescheduling.to}, scheduled_at = ${scheduledAt}, wanted_at = ${scheduledAt}, due_at = ${scheduledAt}
      where id = ${id} and client_id = ${clientId} and status = any(${rescheduling.from})
        and (expires_at is null or expires_at > ${scheduledAt}) and ${mayRepeat(sql, sql`emails.id`, 'rescheduled')}
      returning id
    ), events as (
      insert into email_events (email_id, type, detail)
      select id, ${rescheduling.event}, jsonb_build_object('scheduled_at', ${scheduledAt.toISOString()}::text) from rescheduled
    )
    select id from rescheduled`;
  return rows.length === 1;
}

/** Whether a client's email was given other times as often as it may be. */
export async function isRescheduledOut(sql: Query, clientId: string, id: string): Promise<boolean> {
  const rows = await sql`
    select from emails where id = ${id} and client_id = ${clientId} and not ${mayRepeat(sql, sql`emails.id`, 'rescheduled')}`;
  return rows.length === 1;
}
