// From a checked request to the row that is stored.
import { v7 as uuidv7 } from 'uuid';
import type { NewEmail } from '../../lib/emails/accept.ts';
import type { EmailRequest } from './email-request.ts';

/** W3C Trace Context: version, trace id, parent id, flags. Anything else in the header is ignored, as the standard asks. */
const traceparentForm = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export function toNewEmail(request: EmailRequest, traceparent: string | string[] | undefined): NewEmail {
  const { from, to, cc, bcc, reply_to, subject, text, html, lane, delivery, scheduled_at, expires_at } = request;
  const id = uuidv7();
  return {
    id,
    lane,
    delivery,
    sender: from.email,
    recipients: [...new Set([...to, ...cc, ...bcc].map(({ email }) => email))],
    subject,
    message_id: `<${id}@${from.email.slice(from.email.lastIndexOf('@') + 1)}>`,
    scheduled_at: scheduled_at ?? null,
    expires_at: expires_at ?? null,
    traceparent: typeof traceparent === 'string' && traceparentForm.test(traceparent) ? traceparent : null,
    headers: { from, to, cc, bcc, reply_to },
    text_body: text ?? null,
    html_body: html ?? null,
  };
}
