// SQL that reads emails, for the client they belong to or the operator.
import type { Query } from '../database.ts';
import { type EmailSummary, shownColumns } from './columns.ts';
import type { AddressHeaders, Attachment, EmailContent, EmailStatus, UsedTemplate } from './email.ts';
import { type EmailFilter, matching, type Owner, ownedBy } from './filter.ts';

/** The contents of an email, as its client sees them; all null once they are purged. */
export interface ShownContent {
  headers: AddressHeaders | null;
  custom_headers: Record<string, string> | null;
  text_body: string | null;
  html_body: string | null;
  /** Without their bytes. */
  attachments: Omit<Attachment, 'content'>[] | null;
  metadata: Record<string, string> | null;
  template: UsedTemplate | null;
}

/** What stands in a message beside its content. */
type MessageParts = Pick<EmailSummary, 'subject' | 'message_id' | 'accepted_at'>;

/** One email of the owner, with its content if that has not been purged; undefined if there is none. */
export async function findEmail(sql: Query, owner: Owner, id: string) {
  const [email] = await sql<(EmailSummary & ShownContent)[]>`
    select ${sql(shownColumns)}, headers, custom_headers, text_body, html_body, metadata, template,
           case when attachments is not null
                then (select coalesce(jsonb_agg(attachment - 'content' order by position), '[]')
                      from jsonb_array_elements(attachments) with ordinality each(attachment, position)) end as attachments
    from emails left join email_contents on email_id = id
    where id = ${id} and ${ownedBy(sql, owner)}`;
  return email;
}

/** The parts of the message of one email of the owner; without contents once they are purged, undefined if there is no such email. */
export async function findMessage(sql: Query, owner: Owner, id: string) {
  const [email] = await sql<(MessageParts & (EmailContent | { [Name in keyof EmailContent]: null }))[]>`
    select subject, message_id, accepted_at, headers, custom_headers, text_body, html_body, attachments
    from emails left join email_contents on email_id = id
    where id = ${id} and ${ownedBy(sql, owner)}`;
  return email;
}

/** An email in a list: its row, and the addresses in its headers until they are purged. */
export type ListedEmail = EmailSummary & Pick<ShownContent, 'headers'>;

/** The owner's emails, newest first, at most `limit`; with `filter.before`, those next to it, and the oldest first. */
export async function listEmails(sql: Query, owner: Owner, filter: EmailFilter, limit: number): Promise<ListedEmail[]> {
  return sql<ListedEmail[]>`
    select ${sql(shownColumns)}, headers
    from (select ${sql(shownColumns)} from emails where ${matching(sql, owner, filter)}
          order by id ${filter.before ? sql`` : sql`desc`} limit ${limit}) listed
         left join email_contents on email_id = id
    order by id ${filter.before ? sql`` : sql`desc`}`;
}

/** The state of each of `ids`, in order; undefined if the row is deleted. */
export async function readStatuses(sql: Query, ids: string[]) {
  const rows = await sql<
    { id: string; status: EmailStatus; finished: boolean; attempts: number; last_reply: string | null }[]
  >`
    select id, status, finished_at is not null as finished, attempts, last_reply from emails where id = any(${ids}::uuid[])`;
  const states = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => states.get(id));
}
