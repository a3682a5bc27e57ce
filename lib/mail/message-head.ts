// The head of a message: the fields of the client and ours, before those that say of which parts it is made.
import type { EmailContent } from '../store/emails/email.ts';
import { addressField, headerField, isAscii } from './header-fields.ts';

/** What the head is made of. */
export interface HeadParts extends Pick<EmailContent, 'headers' | 'custom_headers'> {
  subject: string;
  message_id: string;
  /** Its Date header. */
  accepted_at: Date;
}

/** Bcc recipients are in the envelope alone. */
export function messageHead({ headers, custom_headers, subject, message_id, accepted_at }: HeadParts): string {
  return [
    ...Object.entries(custom_headers).map(([name, value]) => headerField(name, value)),
    addressField('From', [headers.from]),
    addressField('To', headers.to),
    addressField('Cc', headers.cc),
    addressField('Reply-To', headers.reply_to),
    headerField('Subject', subject),
    headerField('Message-ID', message_id),
    headerField('Date', accepted_at.toUTCString().replace('GMT', '+0000')),
  ].join('');
}

/**
 * The first word of the head that is not ASCII: a local part. Such a message needs SMTPUTF8 (RFC 6531 §3.2), whoever is in the envelope.
 * Everything else is encoded.
 */
export function notAsciiIn(parts: HeadParts): string | undefined {
  const { from, to, cc, reply_to } = parts.headers;
  const addresses = [from, ...to, ...cc, ...reply_to].map(({ email }) => email);
  // Nearly always so, and quicker to say than the head is to write.
  if ([...addresses, ...Object.values(parts.custom_headers)].every(isAscii)) return undefined;
  return messageHead(parts)
    .split(/[ \t\r\n<>,;:"()]+/)
    .find((word) => !isAscii(word));
}

/** A message that nodemailer has laid out, its lines ending in CRLF, with this head in place of its own. */
export function withHead(head: string, laidOut: Buffer): Buffer {
  const end = laidOut.indexOf('\r\n\r\n');
  const fields = laidOut.toString('latin1', 0, end).split(/\r\n(?![ \t])/);
  const ofParts = fields.filter((field) => /^(MIME-Version|Content-[A-Za-z-]+):/i.test(field));
  return Buffer.concat([Buffer.from(`${head}${ofParts.join('\r\n')}`), laidOut.subarray(end)]);
}
