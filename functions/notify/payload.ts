// The body of a delivery. Each attempt makes it from the event and its email: the same bytes, unless data was erased meanwhile.
import type { ClaimedDelivery, ToldEvent } from '../../lib/store/webhooks/claim.ts';

/** The body, as JSON: `{type, timestamp, data}`, where `timestamp` is when the event happened. */
export function payloadOf(delivery: ClaimedDelivery): string {
  if (delivery.email_id === null) return examplePayload(delivery);
  return JSON.stringify({ type: delivery.type, timestamp: delivery.at, data: dataOf(delivery) });
}

function dataOf(event: ToldEvent) {
  return {
    email_id: event.email_id,
    created_at: event.accepted_at,
    from: event.sender,
    recipients: event.recipients,
    subject: event.subject,
    tags: event.tags,
    // Purged with the email's contents, some time after its end.
    metadata: event.metadata,
    detail: event.detail,
    ...(event.attempt && { attempt: event.attempt }),
  };
}

/** Has the form of `email.sent`, but cannot be mistaken for one: it has `test`, and its email does not exist. */
function examplePayload({ type, created_at }: ClaimedDelivery): string {
  const example: ToldEvent = {
    email_id: '00000000-0000-7000-8000-000000000000',
    at: created_at,
    accepted_at: created_at,
    sender: 'sender@example.com',
    recipients: ['receiver@example.com'],
    subject: 'Hello',
    tags: [{ name: 'campaign', value: 'spring' }],
    metadata: { order: '7' },
    detail: {},
    attempt: { attempt: 1, relay: 'smtp.example.com:465', ms: 120, code: 250, enhanced_code: '2.0.0', outcome: 'sent' },
  };
  return JSON.stringify({ type, timestamp: created_at, test: true, data: dataOf(example) });
}
