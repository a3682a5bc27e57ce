// Reads the machine-readable part of a delivery report (RFC 3464), also where it stands in a part of another type.
import { addressOf, xtext } from './addresses.ts';
import { bounds } from './bounds.ts';
import { type Fields, field, noFields, readFields } from './fields.ts';
import type { ReportedOutcome } from './report.ts';

/** What the report says of one recipient, before its words are weighed. */
export interface Status {
  recipient: string;
  original_recipient: string | null;
  outcome: ReportedOutcome;
  /** As they stand in the field. */
  status: string;
  diagnostic: string;
}

export interface DeliveryStatus {
  envelope_id: string | null;
  recipients: Status[];
}

/** Whether a text of another type holds such fields: some servers send them as text, or as a file. */
export function holdsStatus(text: string): boolean {
  return /^(Final|Original)-Recipient ?:/im.test(text) && /^(Action|Status|Diagnostic-Code) ?:/im.test(text);
}

/** Groups of fields: the first is about the message, each other one about a recipient. Empty lines too many do no harm. */
export function readDeliveryStatus(text: string): DeliveryStatus {
  const recipients: Status[] = [];
  let envelopeId = '';
  let pending: Fields = noFields;
  let position = 0;
  for (
    let groups = 0;
    position < text.length && groups < bounds.lines && recipients.length < bounds.recipients;
    groups++
  ) {
    const { fields, end } = readFields(text, position);
    position = Math.max(end, position + 1);
    if (fields.size === 0) continue;
    envelopeId ||= field(fields, 'original-envelope-id');
    const found = statusOf(fields) ?? (pending.size > 0 ? statusOf(new Map([...pending, ...fields])) : undefined);
    // An empty line within a group of one recipient.
    pending = found === undefined ? fields : noFields;
    if (found !== undefined) recipients.push(found);
  }
  return { envelope_id: envelopeId === '' ? null : xtext(envelopeId), recipients };
}

function statusOf(fields: Fields): Status | undefined {
  const status = field(fields, 'status');
  const diagnostic = diagnosticOf(fields);
  const action = field(fields, 'action').toLowerCase();
  if (status === '' && action === '' && diagnostic === '') return undefined;
  const original = addressOf(field(fields, 'original-recipient'));
  const final = addressOf(field(fields, 'final-recipient')) ?? addressOf(field(fields, 'x-actual-recipient'));
  const isRouted = /[;<] ?@/.test(field(fields, 'final-recipient'));
  const recipient = isRouted ? (original ?? final) : (final ?? original);
  if (recipient === undefined) return undefined;
  return { recipient, original_recipient: original ?? null, outcome: outcomeOf(action, status), status, diagnostic };
}

/** RFC 3464 §2.3.3; where the action is missing or unknown, the class of the status says it. */
function outcomeOf(action: string, status: string): ReportedOutcome {
  if (/^delayed\b/.test(action)) return 'delayed';
  if (/^delivered\b/.test(action)) return 'delivered';
  // `deliverable`: Postfix was asked whether it could deliver.
  if (/^(relayed|expanded|deliverable)\b/.test(action)) return 'relayed';
  if (action === '' && status.startsWith('2.')) return 'delivered';
  return 'bounced';
}

/** The type of a diagnostic, as in `smtp;`, is left out. */
function diagnosticOf(fields: Fields): string {
  const all = ['diagnostic-code', 'x-diagnostic-code', 'x-supplementary-info', 'x-display-name-reason'];
  const value = all.map((name) => field(fields, name)).find((each) => each !== '') ?? '';
  return value.replace(/^[\w.-]{1,40} ?; ?/, '');
}
