// What endpoints are told: the messages that functions/notify/payload.ts writes, one kind for each event.
import * as v from 'valibot';
import { aliases } from '../../../lib/store/webhooks/webhook.ts';
import { exampleId, type WebhookMessage } from '../operation.ts';
import { type EventType, eventDetails, eventTypes, exampleEvents, Tags } from './email-answers.ts';
import { described, id, text, time } from './fields.ts';

const summaries: Record<EventType, string> = {
  accepted: 'An email was accepted',
  queued: 'An email was put on the queue again',
  attempt: 'A conversation with a relay came to its end',
  deferred: 'An email is tried again later',
  rescheduled: 'A scheduled email was moved',
  replayed: 'An email is sent again',
  sent: 'A relay took an email',
  bounced: 'An email was refused for good',
  failed: 'An email was given up',
  unknown: 'An email ended without anybody knowing whether a relay took it',
  canceled: 'An email was called back',
  expired: 'An email expired',
  suppressed: 'Recipients are on the suppression list',
};

/** Events that are the outcome of an attempt. */
const outcomes: EventType[] = ['sent', 'deferred', 'bounced', 'failed', 'unknown'];

const Attempt = v.pipe(
  v.strictObject(v.partial(v.strictObject(eventDetails.attempt)).entries),
  v.title('WebhookAttempt'),
  v.description('A conversation with a relay.'),
);

const attempt: v.GenericSchema = v.optional(described(Attempt, 'The conversation that it is the outcome of.'));

/** What Resend has for an event, beside ours. */
const alike: Partial<Record<EventType, v.ObjectEntries>> = {
  bounced: {
    bounce: described(
      v.strictObject({
        type: text('`Permanent`.'),
        subType: text('`General`.'),
        message: text('What the relay said.'),
      }),
      'The refusal, as Resend has it.',
    ),
  },
  failed: { failed: described(v.strictObject({ reason: text('Why.') }), 'The same, as Resend has it.') },
  suppressed: {
    suppressed: described(
      v.strictObject({ type: text('`OnAccountSuppressionList`.'), message: text('The same in words.') }),
      'The same, as Resend has it.',
    ),
  },
};

function messageSchema(type: EventType, name: string): v.GenericSchema {
  const data: v.ObjectEntries = {
    email_id: id,
    message_id: text('The Message-ID header.'),
    created_at: time('When the email was accepted.'),
    from: text('Address of the sender.'),
    to: described(
      v.array(v.string()),
      'Addresses of those it is to; all recipients, once the contents have been purged.',
    ),
    recipients: described(v.array(v.string()), 'The addresses of to, cc and bcc.'),
    subject: text('The subject.'),
    tags: Tags,
    metadata: described(
      v.nullable(v.record(v.string(), v.string())),
      'What the client noted on it; null once the contents have been purged.',
    ),
    template_id: v.optional(text('Id of the template that it was rendered from.')),
    detail: described(v.strictObject(eventDetails[type]), 'What there is to say of it.'),
    ...alike[type],
    ...(outcomes.includes(type) ? { attempt } : {}),
  };
  const message = v.strictObject({
    type: described(v.literal(`email.${name}`), 'The event.'),
    timestamp: time('When it happened.'),
    created_at: time('The same, as Resend calls it.'),
    test: v.optional(
      described(v.literal(true), 'Of an example that `POST /webhooks/{id}/test` asked for: there is no such email.'),
    ),
    data: described(v.strictObject(data), 'The email, and the event.'),
  });
  return v.pipe(message, v.title(`${titleOf(name)}Message`), v.description(`${summaries[type]}.`));
}

const at = '2026-01-31T12:00:00.000Z';
const { type: _type, at: _at, ...conversation } = exampleEvents[1];
const examples: Record<EventType, object> = {
  accepted: { status: 'queued' },
  queued: { reason: 'retry' },
  attempt: conversation,
  deferred: { next_attempt_at: '2026-01-31T12:05:00.000Z', category: 'mailbox' },
  rescheduled: { scheduled_at: '2026-01-31T13:00:00.000Z' },
  replayed: { status: 'failed' },
  sent: {},
  bounced: {},
  failed: {},
  unknown: {},
  canceled: {},
  expired: {},
  suppressed: { recipients: { 'a@example.com': 'hard_bounce' } },
};
const attempts: Partial<Record<EventType, object>> = {
  sent: conversation,
  bounced: {
    ...conversation,
    ...{ code: 550, enhanced_code: '5.1.1', reply: 'no such user', category: 'mailbox', outcome: 'bounced' },
  },
};

const alikes: Partial<Record<EventType, object>> = {
  bounced: { bounce: { type: 'Permanent', subType: 'General', message: 'no such user' } },
  failed: { failed: { reason: 'no such user' } },
  suppressed: { suppressed: { type: 'OnAccountSuppressionList', message: 'On the suppression list.' } },
};

/** `EmailDeliveryDelayed` */
function titleOf(name: string): string {
  return `email_${name}`.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Each event by its name, and some by that of Resend as well. */
const names: [name: string, type: EventType][] = [
  ...eventTypes.map((type): [string, EventType] => [type, type]),
  ...Object.entries(aliases).map(([alias, type]): [string, EventType] => [alias.slice('email.'.length), type]),
];

export const webhookMessages: WebhookMessage[] = names.map(([name, type]) => ({
  type: `email.${name}`,
  id: `on${titleOf(name)}`,
  summary: summaries[type],
  schema: messageSchema(type, name),
  example: {
    type: `email.${name}`,
    timestamp: at,
    created_at: at,
    data: {
      email_id: exampleId,
      message_id: `<${exampleId}@example.com>`,
      created_at: at,
      from: 'shop@example.com',
      to: ['a@example.com'],
      recipients: ['a@example.com'],
      subject: 'Your order',
      tags: [{ name: 'campaign', value: 'spring' }],
      metadata: { order: '7' },
      detail: examples[type],
      ...(attempts[type] && { attempt: attempts[type] }),
      ...alikes[type],
    },
  },
}));
