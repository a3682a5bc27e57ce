// Reads the machine-readable part of a delivery report (RFC 3464), also where it stands in a part of another type.
import { addressOf, xtext } from './addresses.ts';
import { bounds } from './bounds.ts';
import { type Fields, field, readFields } from './fields.ts';
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
  const groups: Map<string, readonly string[]>[] = [];
  let position = 0;
  let count = 0;
  while (position < text.length && count++ < bounds.lines && groups.length <= bounds.recipients) {
    const { fields, end } = readFields(text, position);
    position = Math.max(end, position + 1);
    const last = groups.at(-1);
    // What names no recipient belongs to the one before.
    if (last === undefined || (namesRecipient(last) && namesRecipient(fields))) groups.push(new Map(fields));
    else for (const [name, values] of fields) last.set(name, [...(last.get(name) ?? []), ...values].slice(0, 5));
  }
  const envelopeId = groups.map((fields) => field(fields, 'original-envelope-id')).find((id) => id !== '');
  return {
    envelope_id: envelopeId === undefined ? null : xtext(envelopeId),
    recipients: groups.flatMap((fields) => statusOf(fields) ?? []).slice(0, bounds.recipients),
  };
}

function namesRecipient(fields: Fields): boolean {
  return fields.has('final-recipient') || fields.has('original-recipient');
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
