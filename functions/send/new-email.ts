// From a checked request to the row that is stored.
import { v7 as uuidv7 } from 'uuid';
import type { NewEmail } from '../../lib/store/emails/acceptance.ts';
import type { EmailRequest } from './email-request.ts';

/** `traceparent` is that of the request, and the same for all that it brings. */
export function toNewEmail(request: EmailRequest, traceparent: string): NewEmail {
  const { from, to, cc, bcc, reply_to, subject, text, html, headers, attachments, tags, metadata } = request;
  const { lane, delivery, scheduled_at, expires_at, template } = request;
  // Each is greater than the one before, also within a millisecond.
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
    traceparent,
    tags,
    metadata,
    headers: { from, to, cc, bcc, reply_to },
    custom_headers: headers,
    attachments,
    text_body: text ?? null,
    html_body: html ?? null,
    template: template ?? null,
  };
}
