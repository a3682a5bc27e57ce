// What a report is: a message that says what became of an email, as `readReport` (read-report.ts) understands it.
import type { RefusalCategory } from '../reply-rules.ts';
import type { Fields } from './fields.ts';

/** What a report is about as a whole: the weightiest of what it says of its recipients. Decide by `outcome` of each recipient. */
export type ReportKind = 'bounce' | 'delay' | 'delivery' | 'complaint' | 'auto_reply' | 'unreadable';

/**
 * What became of the email for one recipient. `relayed`: it was passed on to where nothing is reported from, or to the members of a list.
 * `complained`: the recipient wants no such mail. `none`: nothing happened that concerns the recipient, as with `not-spam`.
 */
export type ReportedOutcome = 'bounced' | 'delayed' | 'delivered' | 'relayed' | 'complained' | 'none';

export interface ReportedRecipient {
  /** The address in the words of the report, not normalized: who was to get it at last, where a report says more. */
  recipient: string;
  /** The address that we sent to, if the report names it beside another one (RFC 3464 §2.3.1). */
  original_recipient: string | null;
  outcome: ReportedOutcome;
  enhanced_code: string | null;
  code: number | null;
  /** The address will never take mail: only of `bounced`. */
  hard: boolean;
  /** Null where nothing was refused. */
  category: RefusalCategory | 'complaint' | null;
  /** What the other side said, in one line of 1,000 characters at most; it is a stranger's text. */
  text: string | null;
}

/** What a report says of the email that it is about. All of it is a stranger's word: prove it by the mac of the return path, or compare it. */
export interface ReportedEmail {
  /** With angle brackets; the most certain one first: of the returned head, then of fields that refer to it. At most five. */
  message_ids: readonly string[];
  /** Original-Envelope-Id, decoded (RFC 3461 §4). */
  envelope_id: string | null;
  /** The head of the email as far as it came back, by lower-case names. */
  fields: Fields;
}

export interface Report {
  kind: ReportKind;
  /** At most `bounds.recipients`, each once. */
  recipients: readonly ReportedRecipient[];
  /** As complaints name it: abuse, fraud, opt-out, not-spam, auth-failure … */
  feedback_type: string | null;
  email: ReportedEmail;
}
