// What a webhook is: the events that an endpoint can subscribe to, and the states of a delivery. The rows are in infra/migrations/schema.sql.
// Each event but `*` is one of lib/store/emails/events.ts; the CHECKs of `email_events.type` and `webhooks.events` know it, too.

/**
 * Events by their names at Resend, for programs written for it. The first three come with ours (`accepted`, `sent`, `deferred`) by a
 * trigger; of the others nothing is known here, so they never come.
 */
export const aliasEvents = [
  'email.scheduled',
  'email.delivered',
  'email.delivery_delayed',
  'email.complained',
  'email.opened',
  'email.clicked',
  'email.received',
] as const;

/** `*` stands for all of ours but `email.attempt`: a conversation with a relay is told of only where it is asked for. */
export const webhookEvents = [
  '*',
  'email.accepted',
  'email.queued',
  'email.attempt',
  'email.sent',
  'email.deferred',
  'email.bounced',
  'email.failed',
  'email.unknown',
  'email.canceled',
  'email.expired',
  'email.suppressed',
  'email.rescheduled',
  'email.replayed',
  ...aliasEvents,
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** `pending`: waits for its time or for a worker; `failed`: its attempts are used up, or the endpoint was disabled. */
export const deliveryStatuses = ['pending', 'delivering', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export { isEmailId as isWebhookId } from '../emails/email.ts';
