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
  delivered: 'An email was delivered to a recipient',
  delayed: 'An email has not got to a recipient yet, and is still tried behind the relay',
  complained: 'A recipient complained of an email',
  bounced: 'An email, or one recipient of it, was refused for good',
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
        type: text(
          '`Permanent`; `Transient` where a report came back that does not say that the address takes no mail.',
        ),
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

function messageSchema(types: readonly [EventType, ...EventType[]], name: string): v.GenericSchema {
  const [type] = types;
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
    detail: described(detailSchema(types), 'What there is to say of it.'),
    ...alike[type],
    ...(types.some((each) => outcomes.includes(each)) ? { attempt } : {}),
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

/** Of a message that tells of several events, what any of them may say. */
function detailSchema(types: readonly [EventType, ...EventType[]]): v.GenericSchema {
  const [type, ...others] = types;
  if (others.length === 0) return v.strictObject(eventDetails[type]);
  return v.strictObject(
    Object.assign({}, ...types.map((each) => v.partial(v.strictObject(eventDetails[each])).entries)),
  );
}

const at = '2026-01-31T12:00:00.000Z';
const report = {
  recipient: 'a@example.com',
  source: 'smtp',
  reported_at: at,
  code: null,
  enhanced_code: null,
  category: null,
  hard: false,
  reply: null,
};
const { type: _type, at: _at, ...conversation } = exampleEvents[1];
const examples: Record<EventType, object> = {
  accepted: { status: 'queued' },
  queued: { reason: 'retry' },
  attempt: conversation,
  deferred: { next_attempt_at: '2026-01-31T12:05:00.000Z', category: 'mailbox' },
  rescheduled: { scheduled_at: '2026-01-31T13:00:00.000Z' },
  replayed: { status: 'failed' },
  sent: {},
  delivered: report,
  delayed: { ...report, enhanced_code: '4.4.1', category: 'connection', reply: 'no answer from the host' },
  complained: { ...report, category: 'complaint' },
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
const aliasNames = Object.entries(aliases).map(([alias, types]) => [alias.slice('email.'.length), types] as const);
const names: (readonly [name: string, types: readonly [EventType, ...EventType[]]])[] = [
  ...eventTypes.flatMap((type) => (aliasNames.some(([name]) => name === type) ? [] : [[type, [type]] as const])),
  ...aliasNames,
];

export const webhookMessages: WebhookMessage[] = names.map(([name, [type, ...others]]) => ({
  type: `email.${name}`,
  id: `on${titleOf(name)}`,
  summary: summaries[type],
  schema: messageSchema([type, ...others], name),
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
