// SQL that moves the time of a scheduled email.
import type { Query } from '../database.ts';

/** Sets another time for a client's email, with its event. False when the email is not scheduled (any more), or would expire before. */
export async function rescheduleEmail(sql: Query, clientId: string, id: string, scheduledAt: Date): Promise<boolean> {
  const rows = await sql`
    with moved as (
      update emails set scheduled_at = ${scheduledAt}, wanted_at = ${scheduledAt}, due_at = ${scheduledAt}
      where id = ${id} and client_id = ${clientId} and status = 'scheduled'
        and (expires_at is null or expires_at > ${scheduledAt})
      returning id
    ), events as (
      insert into email_events (email_id, type, detail)
      select id, 'rescheduled', jsonb_build_object('scheduled_at', ${scheduledAt.toISOString()}::text) from moved
    )
    select id from moved`;
  return rows.length === 1;
}
