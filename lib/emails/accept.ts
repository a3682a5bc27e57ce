// SQL that stores new emails.
import type { Query } from '../db.ts';
import type { Lane } from '../queue.ts';
import type { DeliveryMode, EmailContent } from './email.ts';

export interface NewEmail extends EmailContent {
  id: string;
  client_id: string;
  lane: Lane;
  delivery: DeliveryMode;
  sender: string;
  recipients: string[];
  subject: string;
  message_id: string;
}

/**
 * Stores emails as queued, with their contents and the event `accepted`, in one statement. `graceMs` is when relay publishes
 * an id that no worker has claimed, because the direct publish was lost.
 */
export async function insertEmails(sql: Query, emails: NewEmail[], graceMs: number): Promise<void> {
  await sql`
    with new as (
      select * from json_to_recordset(${JSON.stringify(emails)}::text::json) as new(
        id uuid, client_id text, lane text, delivery text, sender text, recipients text[], subject text, message_id text,
        headers jsonb, text_body text, html_body text)
    ), stored as (
      insert into emails (id, client_id, status, lane, delivery, sender, recipients, subject, message_id, queued_at, due_at)
      select id, client_id, 'queued', lane, delivery, sender, recipients, subject, message_id, now(),
             now() + ${graceMs} * interval '1 millisecond'
      from new
    ), contents as (
      insert into email_contents (email_id, headers, text_body, html_body)
      select id, headers, text_body, html_body from new
    )
    insert into email_events (email_id, type, detail) select id, 'accepted', '{"status": "queued"}' from new`;
}
