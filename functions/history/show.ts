// How rows are shown to clients.
import { mailboxText } from '../../lib/mail/mailbox-text.ts';
import type { EmailSummary } from '../../lib/store/emails/columns.ts';
import type { EmailEvent } from '../../lib/store/emails/events.ts';
import type { ShownContent } from '../../lib/store/emails/read.ts';

/** An email in a list. */
export function showSummary(email: EmailSummary) {
  return {
    object: 'email',
    id: email.id,
    status: email.status,
    from: email.sender,
    recipients: email.recipients,
    subject: email.subject,
    tags: email.tags,
    created_at: email.accepted_at,
    scheduled_at: email.scheduled_at,
    finished_at: email.finished_at,
    attempts: email.attempts,
    last_reply: email.last_reply,
  };
}

/** One email, whole: what was sent, what became of each recipient, and every step on the way. */
export function showEmail(email: EmailSummary & ShownContent, events: EmailEvent[]) {
  return {
    ...showSummary(email),
    last_event: events.at(-1)?.type ?? email.status,
    message_id: email.message_id,
    lane: email.lane,
    delivery: email.delivery,
    // Null once the email is at its end; before that, the latest time of the next step.
    due_at: email.due_at,
    ...(email.headers && {
      from: mailboxText(email.headers.from),
      to: email.headers.to.map(mailboxText),
      cc: email.headers.cc.map(mailboxText),
      bcc: email.headers.bcc.map(mailboxText),
      reply_to: email.headers.reply_to.map(mailboxText),
    }),
    text: email.text_body,
    html: email.html_body,
    headers: email.custom_headers,
    attachments: email.attachments,
    metadata: email.metadata,
    template: email.template,
    recipients: email.recipients.map((recipient) => ({
      email: recipient,
      ...(email.settled[recipient] ?? { status: email.finished_at ? email.status : 'pending' }),
    })),
    events: events.map(showEvent),
  };
}

export function showEvent({ at, type, detail }: EmailEvent) {
  return { type, at, ...detail };
}
