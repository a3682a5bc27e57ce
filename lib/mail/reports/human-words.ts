// What a report without machine-readable parts says: a bounce in words, an automatic reply, or nothing.
import { addressOf } from './addresses.ts';
import { isAutomaticReply } from './automatic-reply.ts';
import { bounds } from './bounds.ts';
import { decodeWords } from './decode-text.ts';
import { diagnose } from './diagnosis.ts';
import { type Fields, field } from './fields.ts';
import type { Found } from './machine-words.ts';
import { isDelay, isNotice, type Notice, tellsOfBounce } from './notice.ts';
import { addressesOfSender, recipientsIn } from './notice-recipients.ts';
import type { ReportedOutcome } from './report.ts';

export function wordsOf(fields: Fields, notice: Notice, returned: Fields): Found {
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
