// SQL that reads emails for the client they belong to.
import type { Query } from '../db.ts';
import type { Lane } from '../queue.ts';
import type { AddressHeaders, DeliveryMode, EmailStatus, SettledRecipient } from './email.ts';

/** An email as its client sees it in lists. */
export interface EmailSummary {
  id: string;
  status: EmailStatus;
  sender: string;
  recipients: string[];
  subject: string;
  message_id: string;
  lane: Lane;
  delivery: DeliveryMode;
  attempts: number;
  accepted_at: Date;
  scheduled_at: Date | null;
  finished_at: Date | null;
  due_at: Date | null;
  last_reply: string | null;
  settled: Record<string, SettledRecipient>;
}

const summaryColumns = [
  'id',
  'status',
  'sender',
  'recipients',
  'subject',
  'message_id',
  'lane',
  'delivery',
  'attempts',
  'accepted_at',
  'scheduled_at',
  'finished_at',
  'due_at',
  'last_reply',
  'settled',
];

/** One email of a client, with its content if that has not been purged; undefined if there is none. */
export async function findEmail(sql: Query, clientId: string, id: string) {
  const [email] = await sql<
    (EmailSummary & { headers: AddressHeaders | null; text_body: string | null; html_body: string | null })[]
  >`
    select ${sql(summaryColumns)}, headers, text_body, html_body
    from emails left join email_contents on email_id = id
    where id = ${id} and client_id = ${clientId}`;
  return email;
}

export interface EmailFilter {
  status?: EmailStatus | undefined;
  /** One of the envelope recipients, whole. */
  recipient?: string | undefined;
  since?: Date | undefined;
  /** Id of the last email of the page before. */
  after?: string | undefined;
}

/** A client's emails, newest first, at most `limit`. */
export async function listEmails(
  sql: Query,
  clientId: string,
  { status, recipient, since, after }: EmailFilter,
  limit: number,
): Promise<EmailSummary[]> {
  return sql<EmailSummary[]>`
    select ${sql(summaryColumns)} from emails
    where client_id = ${clientId}
      ${status ? sql`and status = ${status}` : sql``}
      ${recipient ? sql`and recipients @> array[${recipient}]` : sql``}
      ${since ? sql`and accepted_at >= ${since}` : sql``}
      ${after ? sql`and id < ${after}` : sql``}
    order by id desc limit ${limit}`;
}

/** What each of `ids` is at, in order; undefined where the row is gone. */
export async function readStatuses(sql: Query, ids: string[]) {
  const rows = await sql<
    { id: string; status: EmailStatus; finished: boolean; attempts: number; last_reply: string | null }[]
  >`
    select id, status, finished_at is not null as finished, attempts, last_reply from emails where id = any(${ids}::uuid[])`;
  const states = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => states.get(id));
}
