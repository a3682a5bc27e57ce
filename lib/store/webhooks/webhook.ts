// What a webhook is: the events that an endpoint can subscribe to, and the states of a delivery. The rows are in infra/migrations/schema.sql.
// Each event but `*` is one of lib/store/emails/events.ts; the CHECKs of `email_events.type` and `webhooks.events` know it, too.

/** Events of ours by their names at Resend, for who asks by those: a trigger makes them, and tells of a schedule only where there is one. */
export const aliases = {
  'email.scheduled': ['accepted'],
  /** One of ours, too: of what was sent it is told only where no provider tells of deliveries. */
  'email.delivered': ['delivered', 'sent'],
  'email.delivery_delayed': ['deferred', 'delayed'],
} as const;
/** Events of Resend of which nothing is known here: they are taken, and never come. */
export const unknownEvents = ['email.opened', 'email.clicked', 'email.received'] as const;
const aliasEvents = ['email.scheduled', 'email.delivery_delayed'] as const satisfies (keyof typeof aliases)[];

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
  'email.delivered',
  'email.delayed',
  'email.complained',
  ...aliasEvents,
  ...unknownEvents,
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** `pending`: waits for its time or for a worker; `failed`: its attempts are used up, or the endpoint was disabled. */
export const deliveryStatuses = ['pending', 'delivering', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export { isEmailId as isWebhookId } from '../emails/email.ts';
