// How rows are shown to clients.
import { mailboxText } from '../../lib/mail/mailbox-text.ts';
import type { EmailSummary } from '../../lib/store/emails/columns.ts';
import type { AddressHeaders, EmailStatus } from '../../lib/store/emails/email.ts';
import type { EmailEvent } from '../../lib/store/emails/events.ts';
import type { ListedEmail, ShownContent } from '../../lib/store/emails/read.ts';

/** What clients of Resend know of as the last event, by the status. Given up is given up, whatever the reason. */
const lastEvents = {
  scheduled: 'scheduled',
  queued: 'queued',
  sending: 'queued',
  deferred: 'delivery_delayed',
  sent: 'sent',
  delivered: 'delivered',
  bounced: 'bounced',
  complained: 'complained',
  failed: 'failed',
  unknown: 'failed',
  canceled: 'canceled',
  expired: 'failed',
  suppressed: 'suppressed',
} as const satisfies Record<EmailStatus, string>;
export const lastEventNames = [...new Set(Object.values(lastEvents))];

/** An email in a list. Without its headers, which are purged, nobody knows who of its recipients was in which. */
export function showListed({ headers, ...email }: ListedEmail) {
  return {
    ...showSummary(email),
    ...(headers ? showAddresses(headers) : { to: email.recipients, cc: null, bcc: null, reply_to: null }),
    from: email.sender,
  };
}

/** What lists and single emails show. */
export function showSummary(email: EmailSummary) {
  return {
    object: 'email',
    id: email.id,
    status: email.status,
    last_event: lastEvents[email.status],
    message_id: email.message_id,
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
    lane: email.lane,
    delivery: email.delivery,
    // Null once the email is at its end; before that, the latest time of the next step.
    due_at: email.due_at,
    ...(email.headers && showAddresses(email.headers)),
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

function showAddresses({ from, to, cc, bcc, reply_to }: AddressHeaders) {
  return {
    from: mailboxText(from),
    to: to.map(mailboxText),
    cc: cc.map(mailboxText),
    bcc: bcc.map(mailboxText),
    reply_to: reply_to.map(mailboxText),
  };
}

export function showEvent({ at, type, detail }: EmailEvent) {
  return { type, at, ...detail };
}
