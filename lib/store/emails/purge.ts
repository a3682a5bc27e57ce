// SQL of retention: deletes old rows, a few in each statement, and skips rows that somebody else has locked.
import type { Query } from '../database.ts';
import { idsBefore, timeAgo } from '../ids-by-time.ts';

/**
 * Deletes the contents of up to `limit` emails that ended `ageMs` ago, never those of an email before its end. Locks the emails: whoever
 * changes contents holds their email.
 */
export async function purgeContents(sql: Query, ageMs: number, limit: number): Promise<number> {
  const { count } = await sql`
    with old as (
      select email_id from email_contents join emails on id = email_id
      where email_id < ${idsBefore(sql, ageMs)} and finished_at < ${timeAgo(sql, ageMs)}
      order by email_id limit ${limit} for update of emails skip locked
    )
    delete from email_contents using old where email_contents.email_id = old.email_id`;
  return count;
}

/**
 * Deletes up to `limit` emails that ended `ageMs` ago. A trigger on `emails` (delete_with_emails, 0006) deletes their contents and
 * events; a foreign key (0003) deletes their webhook deliveries.
 */
export async function purgeEmails(sql: Query, ageMs: number, limit: number): Promise<number> {
  const { count } = await sql`
    with old as (
      select id from emails
      where id < ${idsBefore(sql, ageMs)} and finished_at < ${timeAgo(sql, ageMs)}
      order by id limit ${limit} for update skip locked
    )
    delete from emails using old where emails.id = old.id`;
  return count;
}

/** Forgets up to `limit` idempotency keys that are `ageMs` old. */
export async function purgeIdempotencyKeys(sql: Query, ageMs: number, limit: number): Promise<number> {
  const { count } = await sql`
    with old as (
      select client_id, key from idempotency_keys
      where created_at < ${timeAgo(sql, ageMs)}
      order by created_at limit ${limit} for update skip locked
    )
    delete from idempotency_keys k using old where (k.client_id, k.key) = (old.client_id, old.key)`;
  return count;
}
