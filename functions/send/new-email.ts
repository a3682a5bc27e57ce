// From a checked request to the row that is stored.
import { v7 as uuidv7 } from 'uuid';
import type { NewEmail } from '../../lib/emails/accept.ts';
import { continueTrace } from '../../lib/trace.ts';
import type { EmailRequest } from './email-request.ts';

export function toNewEmail(request: EmailRequest, traceparent: string | string[] | undefined): NewEmail {
  const { from, to, cc, bcc, reply_to, subject, text, html, headers, attachments, tags, metadata } = request;
  const { lane, delivery, scheduled_at, expires_at, template } = request;
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
    traceparent: continueTrace(traceparent),
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
