// The body of a delivery. Each attempt makes it from the event and its email: the same bytes, unless data was erased meanwhile.
import type { ClaimedDelivery, ToldEvent } from '../../lib/store/webhooks/claim.ts';

/** The body, as JSON: `{type, timestamp, created_at, data}`, where both times are when the event happened; the second is Resend's name. */
export function payloadOf(delivery: ClaimedDelivery): string {
  if (delivery.email_id === null) return examplePayload(delivery);
  const { type, at } = delivery;
  return JSON.stringify({ type, timestamp: at, created_at: at, data: dataOf(delivery, type) });
}

function dataOf(event: ToldEvent, type: string) {
  return {
    email_id: event.email_id,
    message_id: event.message_id,
    created_at: event.accepted_at,
    from: event.sender,
    // Purged with the email's contents, some time after its end; then nobody knows who was in which header.
    to: event.to ?? event.recipients,
    recipients: event.recipients,
    subject: event.subject,
    tags: event.tags,
    metadata: event.metadata,
    ...(event.template_id !== null && { template_id: event.template_id }),
    detail: event.detail,
    ...(event.attempt && { attempt: event.attempt }),
    ...alikeOf(event, type),
  };
}

/** What Resend has for the event. */
function alikeOf({ detail, attempt }: ToldEvent, type: string) {
  const said = String(attempt?.reply ?? detail.reply ?? detail.reason ?? '');
  switch (type) {
    case 'email.bounced':
      return {
        bounce: {
          type: detail.source === undefined || detail.hard === true ? 'Permanent' : 'Transient',
          subType: 'General',
          message: said,
        },
      };
    case 'email.failed':
      return { failed: { reason: said } };
    case 'email.suppressed':
      return { suppressed: { type: 'OnAccountSuppressionList', message: 'On the suppression list.' } };
    default:
      return {};
  }
}

/** Has the form of `email.sent`, but cannot be mistaken for one: it has `test`, and its email does not exist. */
function examplePayload({ type, created_at }: ClaimedDelivery): string {
  const example: ToldEvent = {
    email_id: '00000000-0000-7000-8000-000000000000',
    message_id: '<00000000-0000-7000-8000-000000000000@example.com>',
    at: created_at,
    accepted_at: created_at,
    sender: 'sender@example.com',
    to: ['receiver@example.com'],
    recipients: ['receiver@example.com'],
    subject: 'Hello',
    tags: [{ name: 'campaign', value: 'spring' }],
    metadata: { order: '7' },
    template_id: null,
    traceparent: null,
    detail: {},
    attempt: { attempt: 1, relay: 'smtp.example.com:465', ms: 120, code: 250, enhanced_code: '2.0.0', outcome: 'sent' },
  };
  return JSON.stringify({ type, timestamp: created_at, created_at, test: true, data: dataOf(example, type) });
}
