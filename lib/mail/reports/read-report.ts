// Reads a report (`readReport`): what a message that came back says became of an email. Pure, bounded, never throws. Types and bounds: report.ts.
import { bounds } from './bounds.ts';
import { textOf } from './decode-text.ts';
import { type Fields, field, readFields } from './fields.ts';
import { wordsOf } from './human-words.ts';
import { complaint, deliveryStatus, type Found, otherComplaint, providerNotice } from './machine-words.ts';
import { type Part, type SplitMessage, splitMessage } from './mime-parts.ts';
import { readNotice } from './notice.ts';
import type { Report, ReportedRecipient, ReportKind } from './report.ts';

/** `message` is as it came (RFC 5322), or its first `bounds.octets`: more is not looked at. */
export function readReport(message: Buffer): Report {
  return readMessage(splitMessage(message), true);
}

function readMessage(split: SplitMessage, isOutermost: boolean): Report {
  const { fields, parts } = split;
  const returnedPart = parts.find(({ type }) =>
    /^(message\/(rfc822|global|partial|rfc822-headers|global-headers)|text\/rfc822-headers?)$/.test(type),
  );
  const texts = noticeTexts(split, returnedPart);
  const notice = readNotice(texts.join('\n'));
  const returned = returnedPart === undefined ? notice.returned : readFields(returnedText(returnedPart)).fields;
  const found =
    complaint(parts, returned) ??
    deliveryStatus(parts, notice) ??
    otherComplaint(texts, returned) ??
    providerNotice(texts) ??
    receipt(parts) ??
    wordsOf(fields, notice, returned);
  const recipients = eachOnce(found.recipients);
  // A gateway may have wrapped the report in one of its own, which names nobody.
  if (isOutermost && !found.isNamed && returnedPart !== undefined && isReport(returned))
    return readMessage(splitMessage(Buffer.from(returnedText(returnedPart, bounds.octets), 'latin1')), false);
  return {
    kind: found.kind ?? kindOf(recipients),
    recipients,
    feedback_type: found.feedback_type ?? null,
    email: {
      message_ids: messageIds(returned, fields, found.message_id),
      envelope_id: found.envelope_id ?? null,
      fields: returned,
    },
  };
}

/** Plain text where there is any; what is behind the returned email is part of it. */
function noticeTexts({ parts }: SplitMessage, returned: Part | undefined): string[] {
  const before = returned === undefined ? parts : parts.slice(0, parts.indexOf(returned));
  const plain = before.filter(({ type }) => type === 'text/plain').map(textOf);
  if (plain.some((text) => text.trim() !== '')) return plain;
  return before.filter(({ type }) => type.startsWith('text/')).map(textOf);
}

/** RFC 8098: that somebody has seen the email says nothing about its delivery that we record. */
function receipt(parts: readonly Part[]): Found | undefined {
  const isReceipt = parts.some(({ type }) => type === 'message/disposition-notification');
  return isReceipt ? { isNamed: true, kind: 'auto_reply', recipients: [] } : undefined;
}

function isReport(fields: Fields): boolean {
  return /^multipart\/report\b/i.test(field(fields, 'content-type'));
}

function returnedText(part: Part, most: number = bounds.headOctets): string {
  const text = /^(base64|quoted-printable)/i.test(field(part.fields, 'content-transfer-encoding'))
    ? textOf(part)
    : part.body;
  return text.slice(0, most).replace(/^\n{1,20}/, '');
}

function kindOf(recipients: readonly ReportedRecipient[]): ReportKind {
  const outcomes = recipients.map(({ outcome }) => outcome);
  if (outcomes.includes('complained')) return 'complaint';
  if (outcomes.includes('bounced')) return 'bounce';
  if (outcomes.includes('delayed')) return 'delay';
  return outcomes.length === 0 ? 'unreadable' : 'delivery';
}

/** The last word of a report about a recipient counts, unless an earlier one is an end. */
function eachOnce(recipients: readonly ReportedRecipient[]): ReportedRecipient[] {
  const byAddress = new Map<string, ReportedRecipient>();
  for (const each of recipients) {
    const key = each.recipient.toLowerCase();
    const known = byAddress.get(key);
    if (known === undefined || (known.outcome !== 'bounced' && each.outcome === 'bounced')) byAddress.set(key, each);
  }
  return [...byAddress.values()].slice(0, bounds.recipients);
}

function messageIds(returned: Fields, fields: Fields, own: string | null = null): string[] {
  const values = [
    own ?? '',
    field(returned, 'message-id'),
    field(fields, 'x-original-message-id'),
    field(fields, 'in-reply-to'),
    field(fields, 'references'),
  ];
  return [...new Set(values.flatMap((value) => value.match(/<[^\s<>]{1,250}>/g) ?? []))].slice(0, 5);
}
