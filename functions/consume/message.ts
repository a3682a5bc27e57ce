// Builds the MIME message (RFC 5322, RFC 2045) of an email; the same bytes in every attempt but for generated boundaries.
import type { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { ClaimedEmail } from '../../lib/emails/claim.ts';
import type { Mailbox } from '../../lib/emails/email.ts';

/** The message as a stream. Bcc recipients are in the envelope alone. */
export function composeMessage(email: ClaimedEmail): Readable {
  const { headers, text_body, html_body, subject, message_id, accepted_at } = email;
  const composer = new MailComposer({
    from: toAddress(headers.from),
    to: headers.to.map(toAddress),
    cc: headers.cc.map(toAddress),
    replyTo: headers.reply_to.map(toAddress),
    subject,
    messageId: message_id,
    date: accepted_at,
    ...(text_body !== null && { text: text_body }),
    ...(html_body !== null && { html: html_body }),
    // Our server reads no file and no address for a caller.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().createReadStream();
}

function toAddress({ email, name }: Mailbox) {
  return { address: email, name: name ?? '' };
}
