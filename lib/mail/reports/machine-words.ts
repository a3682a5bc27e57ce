// What the machine-readable parts of a report say: a complaint, a delivery report, a provider's notification.
import { bounds } from './bounds.ts';
import { textOf } from './decode-text.ts';
import { holdsStatus, readDeliveryStatus } from './delivery-status.ts';
import { diagnose } from './diagnosis.ts';
import { hotmailField, readFeedback } from './feedback-report.ts';
import { type Fields, noFields, readFields } from './fields.ts';
import type { Part } from './mime-parts.ts';
import type { Notice } from './notice.ts';
import { recipientsIn } from './notice-recipients.ts';
import { readProviderNotice } from './provider-notice.ts';
import type { ReportedRecipient, ReportKind } from './report.ts';

export interface Found {
  /** Recipients stand in the report itself. */
  isNamed: boolean;
  /** Missing: the outcomes say it. */
  kind?: ReportKind;
  recipients: ReportedRecipient[];
  feedback_type?: string;
  envelope_id?: string | null;
  message_id?: string | null;
}

/** RFC 5965. */
export function complaint(parts: readonly Part[], returned: Fields): Found | undefined {
  const part = parts.find(({ type }) => type === 'message/feedback-report');
  return part === undefined ? undefined : complaintOf(readFields(textOf(part).trimStart()).fields, returned);
}

/** Its fields in a text; or, as Hotmail sends it, the email alone with a field of Hotmail's in it. */
export function otherComplaint(texts: readonly string[], returned: Fields): Found | undefined {
  const text = texts.find((each) => /^Feedback-Type ?:/im.test(each));
  if (text === undefined) return returned.has(hotmailField) ? complaintOf(noFields, returned) : undefined;
  return complaintOf(readFields(text.slice(text.search(/^[\w-]{1,40}:/m))).fields, returned);
}

function complaintOf(fields: Fields, returned: Fields): Found {
  const { type, outcome, recipients, envelope_id } = readFeedback(fields, returned);
  const all = recipients.map((recipient) => diagnose({ recipient, outcome, texts: [] }));
  return { isNamed: true, kind: 'complaint', recipients: all, feedback_type: type, envelope_id };
}

/** RFC 3464, also where it stands in a part of another type. */
export function deliveryStatus(parts: readonly Part[], notice: Notice): Found | undefined {
  const declared = parts
    .filter(({ type }) => /^message\/(delivery-status|global-delivery-status)$/.test(type))
    .map(textOf);
  const others =
    declared.length > 0
      ? []
      : parts
          .filter(({ type }) => !type.startsWith('message/'))
          .map(textOf)
          .filter(holdsStatus);
  const found = [...declared, ...others].map(readDeliveryStatus);
  const recipients = found.flatMap((each) => each.recipients).slice(0, bounds.recipients);
  if (recipients.length === 0) return undefined;
  const words = recipientsIn(notice.lines, new Set());
  return {
    isNamed: true,
    recipients: recipients.map(({ diagnostic, ...rest }) => {
      const said = words.find(({ recipient }) => recipient.toLowerCase() === rest.recipient.toLowerCase())?.texts ?? [];
      return diagnose({ ...rest, texts: [diagnostic, ...said].filter((text) => text !== '') });
    }),
    envelope_id: found.map((each) => each.envelope_id).find((id) => id !== null) ?? null,
  };
}

export function providerNotice(texts: readonly string[]): Found | undefined {
  const found = texts.map(readProviderNotice).find((each) => each !== undefined);
  if (found === undefined) return undefined;
  const { outcome, recipients, feedback_type, message_id } = found;
  return {
    isNamed: true,
    ...(feedback_type === null ? {} : { kind: 'complaint', feedback_type }),
    recipients: recipients.map(({ recipient, status, text }) =>
      diagnose({ recipient, outcome, status, texts: text === '' ? [] : [text] }),
    ),
    message_id,
  };
}
