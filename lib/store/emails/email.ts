// What an email is: its statuses, its content, its recipients. Its columns are in columns.ts, the changes of its status in transitions.ts.

/** Statuses before the end; all others are ends. */
export type OpenStatus = 'scheduled' | 'queued' | 'sending' | 'deferred';
export type EndStatus =
  | 'sent'
  | 'delivered'
  | 'bounced'
  | 'complained'
  | 'failed'
  | 'unknown'
  | 'canceled'
  | 'expired'
  | 'suppressed';
export type EmailStatus = OpenStatus | EndStatus;
export const emailStatuses = [
  'scheduled',
  'queued',
  'sending',
  'deferred',
  'sent',
  'delivered',
  'bounced',
  'complained',
  'failed',
  'unknown',
  'canceled',
  'expired',
  'suppressed',
] as const satisfies readonly EmailStatus[];

/** `transactional` goes first; `bulk` gives way to it. Each lane has its own queue. */
export type Lane = 'transactional' | 'bulk';

/** What to do when an attempt ends without a known outcome. */
export type DeliveryMode = 'at_least_once' | 'at_most_once';

/** A mailbox as in RFC 5322: an address and perhaps a display name. */
export interface Mailbox {
  email: string;
  name?: string;
}

/** The address headers of a message. */
export interface AddressHeaders {
  from: Mailbox;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  reply_to: Mailbox[];
}

/** A client's own label for emails, to find them by. Without a value, the value is empty. */
export interface Tag {
  name: string;
  value: string;
}

/** The version of a template that an email was rendered from. */
export interface UsedTemplate {
  id: string;
  name: string;
  version: number;
}

export interface Attachment {
  filename: string;
  /** Base64, of a row from before email_attachments. Absent: there (attachments.ts). */
  content?: string;
  /** Null: told by the ending of the file name. */
  content_type: string | null;
  /** How the HTML names it (`cid:…`): an inline image. */
  content_id: string | null;
  /** Bytes of the content. */
  size: number;
}

/** An attachment of a request. */
export interface GivenAttachment extends Attachment {
  /** As it goes on the wire: base64 in lines. */
  wire: Uint8Array;
}

export interface EmailContent {
  headers: AddressHeaders;
  /** Headers that the client added. */
  custom_headers: Record<string, string>;
  attachments: Attachment[];
  text_body: string | null;
  html_body: string | null;
}

/** Why a client sends no more to a recipient. */
export type SuppressionReason = 'hard_bounce' | 'complaint' | 'manual';

/** What became of one recipient. */
export interface SettledRecipient {
  status: 'sent' | 'delivered' | 'bounced' | 'complained' | 'suppressed';
  code: number | null;
  enhanced_code: string | null;
  reply: string | null;
  /** Why it is suppressed. */
  reason?: SuppressionReason;
}

/** True for text that can be the id of an email. For any other text, PostgreSQL would return an error of its own. */
export function isEmailId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
