// Reads a report (`readReport`): what a message that came back says became of an email. Pure, bounded, never throws. Types and bounds: report.ts.
import { addressOf } from './addresses.ts';
import { isAutomaticReply } from './automatic-reply.ts';
import { bounds } from './bounds.ts';
import { decodeWords, textOf } from './decode-text.ts';
import { holdsStatus, readDeliveryStatus } from './delivery-status.ts';
import { diagnose } from './diagnosis.ts';
import { hotmailField, readFeedback } from './feedback-report.ts';
import { type Fields, field, readFields } from './fields.ts';
import { type Part, type SplitMessage, splitMessage } from './mime-parts.ts';
import {
  addressesOfSender,
  isDelay,
  isNotice,
  type Notice,
  readNotice,
  recipientsIn,
  tellsOfBounce,
} from './notice.ts';
import { readProviderNotice } from './provider-notice.ts';
import type { Report, ReportedOutcome, ReportedRecipient, ReportKind } from './report.ts';

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
    providerNotice(texts) ??
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

interface Found {
  /** Recipients stand in the report itself. */
  isNamed: boolean;
  /** Missing: the outcomes say it. */
  kind?: ReportKind;
  recipients: ReportedRecipient[];
  feedback_type?: string;
  envelope_id?: string | null;
  message_id?: string | null;
}

/** RFC 5965; Hotmail sends the email alone, with a field of its own in it. */
function complaint(parts: readonly Part[], returned: Fields): Found | undefined {
  const part = parts.find(({ type }) => type === 'message/feedback-report');
  const text = parts.find(
    ({ type, body }) => type.startsWith('text/') && /^Feedback-Type ?:/im.test(body.slice(0, bounds.textOctets)),
  );
  const isHotmail = returned.has(hotmailField);
  if (part === undefined && text === undefined && !isHotmail) return undefined;
  const source = part === undefined ? (text === undefined ? '' : textOf(text)) : textOf(part);
  const fields = readFields(
    part === undefined ? source.slice(Math.max(source.search(/^[\w-]{1,40}:/m), 0)) : source.trimStart(),
  ).fields;
  const { type, outcome, recipients, envelope_id } = readFeedback(fields, returned);
  const all = recipients.map((recipient) => diagnose({ recipient, outcome, texts: [] }));
  return { isNamed: true, kind: 'complaint', recipients: all, feedback_type: type, envelope_id };
}

function deliveryStatus(parts: readonly Part[], notice: Notice): Found | undefined {
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

function providerNotice(texts: readonly string[]): Found | undefined {
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

/** A bounce in words alone, an automatic reply, or something else. */
function wordsOf(fields: Fields, notice: Notice, returned: Fields): Found {
  const subject = decodeWords(field(fields, 'subject'));
  const isBounce = isNotice(decodeWords(field(fields, 'from')), subject) || fields.has('x-failed-recipients');
  if (!isBounce && isAutomaticReply(fields)) return { isNamed: false, kind: 'auto_reply', recipients: [] };
  if (!isBounce && !tellsOfBounce(notice)) return { isNamed: false, kind: 'unreadable', recipients: [] };
  const outcome: ReportedOutcome = isDelay(subject, notice.lines) ? 'delayed' : 'bounced';
  const named = recipientsIn(notice.lines, addressesOfSender(fields, returned));
  const failed = (fields.get('x-failed-recipients') ?? [])
    .flatMap((value) => value.split(',', bounds.recipients))
    .flatMap((each) => addressOf(each) ?? []);
  const isNamed = named.length + failed.length > 0;
  const wanted =
    failed.length > 0
      ? failed.map(
          (recipient) =>
            named.find((each) => each.recipient.toLowerCase() === recipient.toLowerCase()) ?? {
              recipient,
              texts: [allOf(notice)],
            },
        )
      : named;
  if (wanted.length === 0) {
    const to = addressOf(field(returned, 'to'));
    if (to !== undefined) wanted.push({ recipient: to, texts: [allOf(notice)] });
  }
  if (wanted.length === 0)
    return { isNamed: false, kind: isAutomaticReply(fields) ? 'auto_reply' : 'unreadable', recipients: [] };
  return {
    isNamed,
    recipients: wanted.map(({ recipient, texts }) => diagnose({ recipient, outcome, texts })),
  };
}

function allOf({ lines }: Notice): string {
  return lines.join(' ').replace(/\s+/g, ' ').trim().slice(0, 1_000);
}

/** Plain text where there is any; what is behind the returned email is part of it. */
function noticeTexts({ parts }: SplitMessage, returned: Part | undefined): string[] {
  const before = returned === undefined ? parts : parts.slice(0, parts.indexOf(returned));
  const plain = before.filter(({ type }) => type === 'text/plain').map(textOf);
  if (plain.some((text) => text.trim() !== '')) return plain;
  return before.filter(({ type }) => type.startsWith('text/')).map(textOf);
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
