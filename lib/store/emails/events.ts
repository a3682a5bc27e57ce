// The events of an email: their types, and SQL that reads them. The statement that makes a change also writes its event.
import type { Fragment, Query } from '../database.ts';
import type { EndStatus, SuppressionReason } from './email.ts';

/** One conversation with one SMTP relay. */
export interface AttemptDetail {
  /** Number of the attempt, from 1. */
  attempt: number;
  /** Host and port of the relay. */
  relay: string;
  /** How long it took. */
  ms: number;
  /** Reply code (RFC 5321 §4.2); null if no reply came. */
  code: number | null;
  /** Enhanced status code (RFC 3463), as in 5.1.1; null if the reply had none. */
  enhanced_code: string | null;
  /** The reply's text, or why there was none. */
  reply: string | null;
  /** Where the cause lies, as in `mailbox`, `policy`, `relay_account`, `connection`. */
  category: string;
  /** How this attempt ended. */
  outcome: 'sent' | 'deferred' | 'bounced' | 'unknown';
  /** Whether another attempt may follow it. */
  retryable: boolean;
  /** The trace (W3C Trace Context) of the request that brought the email. */
  trace_id: string | null;
  /** How it ended for each of several recipients. */
  recipients?: Record<string, string>;
}

/** What was reported of one recipient after a relay had taken the email. */
export interface ReportDetail {
  recipient: string;
  /** Which way it came: `smtp` or `message`, a mail; otherwise the provider. */
  source: string;
  /** When it happened, where the report says so. */
  reported_at: string | null;
  code: number | null;
  enhanced_code: string | null;
  /** Where the cause lies, as in attempts. */
  category: string | null;
  /** The address takes no mail. */
  hard: boolean;
  /** What the other side said. */
  reply: string | null;
}

/** Fields of `detail` that may quote a recipient's address. */
export const quotingDetails = ['reply', 'recipients', 'recipient'] satisfies (
  | keyof AttemptDetail
  | keyof ReportDetail
)[];

export interface DeferredDetail {
  /** When it is tried again, by the worker's clock; the row's `due_at` is what counts. */
  next_attempt_at: string;
  /** Where the cause lies, as in the attempt; `relays_away`: no relay could be tried. */
  category: string;
}

/** Why an email was put on the queue (again). */
export type QueuedReason =
  | 'not_claimed'
  | 'retry'
  | 'scheduled_time'
  | 'lease_expired'
  | 'worker_stopped'
  | 'lease_uncertain'
  | 'worker_busy';

export type NewEvent =
  | { type: 'accepted'; detail: { status: 'queued' | 'scheduled' | 'suppressed' } }
  /** The suppressed recipients; the email ends only if it has no others. */
  | { type: 'suppressed'; detail: { recipients: Record<string, SuppressionReason> } }
  | { type: 'queued'; detail: { reason: QueuedReason } }
  | { type: 'attempt'; detail: AttemptDetail }
  | { type: 'rescheduled'; detail: { scheduled_at: string } }
  | { type: 'replayed'; detail: { status: EndStatus } }
  | { type: 'deferred'; detail: DeferredDetail }
  | { type: 'delivered' | 'delayed' | 'complained'; detail: ReportDetail }
  /** In an attempt, or by a report of one recipient. */
  | { type: 'bounced'; detail: { reason?: string } | ReportDetail }
  | {
      type: Exclude<EndStatus, 'suppressed' | 'delivered' | 'bounced' | 'complained'>;
      detail: { reason?: string };
    };

export type EmailEvent = { at: Date } & NewEvent;

/** Most times that an email can be given another time, and most times that it can be sent again: each writes events that stay. */
export const mostRepeats = 100;

/** Whether the email (`id`, an expression) may have one more of these events, which its client asks for. */
export function mayRepeat(sql: Query, id: Fragment, type: 'rescheduled' | 'replayed') {
  return sql`
    (select count(*) from email_events asked_for where asked_for.email_id = ${id} and asked_for.type = ${type}) < ${mostRepeats}`;
}

/** The last events of an email, at most `limit`, in the order they were recorded. */
export async function lastEvents(sql: Query, emailId: string, limit: number): Promise<EmailEvent[]> {
  const events = await sql<EmailEvent[]>`
    select at, type, detail from email_events where email_id = ${emailId} order by id desc limit ${limit}`;
  return events.reverse();
}

/** The events of an email after the one with the id `after`, at most `limit`, in the order they were recorded. */
export async function listEvents(
  sql: Query,
  emailId: string,
  { after = '0', limit }: { after?: string | undefined; limit: number },
): Promise<(EmailEvent & { id: string })[]> {
  return sql<(EmailEvent & { id: string })[]>`
    select id, at, type, detail from email_events where email_id = ${emailId} and id > ${after} order by id limit ${limit}`;
}
