// How emails and their events are shown: the answers of the history function, as functions/history/show.ts writes them.
import * as v from 'valibot';
import { lastEventNames } from '../../../functions/history/show.ts';
import { emailStatuses } from '../../../lib/store/emails/email.ts';
import { exampleId, exampleTemplateId } from '../operation.ts';
import { count, described, id, kind, Status, text, textOrNull, time, timeOrNull } from './fields.ts';

const list = (description: string) => described(v.array(v.string()), description);
const listOrNull = (description: string) => described(v.nullable(v.array(v.string())), description);
const code = described(v.nullable(v.pipe(v.number(), v.integer())), 'Reply code (RFC 5321); null if no reply came.');
const enhanced_code = textOrNull('Enhanced status code (RFC 3463); null if the reply had none.');
const category = text('Whose trouble it was, as in `mailbox`, `policy`, `relay_account`, `connection`.');

export const Reason = described(
  v.picklist(['hard_bounce', 'complaint', 'manual']),
  'Why: the address bounced for good, its owner complained, or the client put it on the list.',
);
export const UsedTemplate = v.strictObject({
  id: text('Its id.'),
  name: text('Its name.'),
  version: count('The version.'),
});

const reason = v.optional(text('Why.'));

/** What came back of one recipient. */
const reported = {
  recipient: v.optional(text('Whom it is about; not there once a recipient was erased.')),
  source: text('Which way it was reported: `smtp` or `message`, by a mail; otherwise the provider.'),
  reported_at: timeOrNull('When it happened, where the report says so.'),
  code: described(v.nullable(v.pipe(v.number(), v.integer())), 'Reply code (RFC 5321), if the report has one.'),
  enhanced_code: textOrNull('Enhanced status code (RFC 3463), if the report has one.'),
  category: textOrNull('Whose trouble it was, as in attempts; null where there was none.'),
  hard: described(v.boolean(), 'Whether the address takes no mail: then it is suppressed.'),
  reply: v.optional(textOrNull('What the other side said; not there once a recipient was erased.')),
};

/** What an event says beside its time, by its type. */
export const eventDetails = {
  accepted: { status: described(v.picklist(['queued', 'scheduled', 'suppressed']), 'What it was at then.') },
  queued: {
    reason: text(
      'Why it was put on the queue again: `not_claimed`, `retry`, `scheduled_time`, `lease_expired`, `worker_stopped`, `lease_uncertain` or `worker_busy`.',
    ),
  },
  attempt: {
    attempt: count('Number of the attempt, from 1.'),
    relay: text('Host and port of the relay.'),
    ms: described(v.number(), 'How long it took, in milliseconds.'),
    code,
    enhanced_code,
    reply: v.optional(
      textOrNull('What the relay said, or why it said nothing; not there once a recipient was erased.'),
    ),
    category,
    outcome: described(v.picklist(['sent', 'deferred', 'bounced', 'unknown']), 'How it ended.'),
    retryable: described(v.boolean(), 'Whether another attempt may follow.'),
    trace_id: textOrNull('The trace of the request that brought the email.'),
    recipients: v.optional(described(v.record(v.string(), v.string()), 'How it ended for each of several recipients.')),
  },
  deferred: { next_attempt_at: time('When it is tried again.'), category },
  rescheduled: { scheduled_at: time('The time it was moved to.') },
  replayed: { status: described(v.picklist(emailStatuses), 'What it had ended as.') },
  sent: { reason },
  delivered: reported,
  delayed: reported,
  complained: reported,
  // In an attempt, with or without a reason, or by a report.
  bounced: { reason, ...v.partial(v.strictObject(reported)).entries },
  failed: { reason },
  unknown: { reason },
  canceled: { reason },
  expired: { reason },
  suppressed: {
    recipients: v.optional(
      described(
        v.record(v.string(), Reason),
        'Recipients on the suppression list, and why they are; not there once a recipient was erased. The email goes to the others; where there are none, it ends.',
      ),
    ),
  },
} satisfies Record<string, v.ObjectEntries>;
export type EventType = keyof typeof eventDetails;
export const eventTypes = Object.keys(eventDetails) as EventType[];

export const Event = v.pipe(
  v.variant(
    'type',
    eventTypes.map((type) => v.strictObject({ type: v.literal(type), at: time('When.'), ...eventDetails[type] })),
  ),
  v.title('EmailEvent'),
  v.description('A step of an email: what `type` says, with its details.'),
);

export const Tags = described(
  v.array(v.strictObject({ name: text('Its name.'), value: text('Its value, perhaps empty.') })),
  'What the client calls it.',
);

const inList = {
  object: kind('email'),
  id,
  status: Status,
  last_event: described(
    v.picklist(lastEventNames),
    'The status in the words of Resend: `delivery_delayed` is `deferred`, `queued` also `sending`, `failed` also `unknown` and `expired`.',
  ),
  message_id: text('The Message-ID header, the same in every attempt.'),
  from: text('The sender: the address alone in a list, and where the contents have been purged.'),
  subject: text('The subject.'),
  tags: Tags,
  created_at: time('When it was accepted.'),
  scheduled_at: timeOrNull('The time asked for.'),
  finished_at: timeOrNull('When it came to its end.'),
  attempts: count('Attempts begun.'),
  last_reply: textOrNull('The last reply of a relay, or why there was none.'),
};

export const Summary = v.pipe(
  v.strictObject({
    ...inList,
    recipients: list('The addresses of to, cc and bcc.'),
    to: list('Those it is to; all recipients, once the contents have been purged.'),
    cc: listOrNull('Recipients of a copy; null once the contents have been purged, as the others.'),
    bcc: listOrNull('Recipients of a copy whom nobody sees.'),
    reply_to: listOrNull('Where answers go.'),
  }),
  v.title('EmailSummary'),
);

export const Email = v.pipe(
  v.strictObject({
    ...inList,
    recipients: described(
      v.array(
        v.strictObject({
          email: text('The address.'),
          status: described(v.picklist([...emailStatuses, 'pending']), 'What became of it.'),
          code: v.optional(code),
          enhanced_code: v.optional(enhanced_code),
          reply: v.optional(textOrNull('What the relay said of it.')),
          reason: v.optional(Reason),
        }),
      ),
      'What became of each recipient.',
    ),
    lane: described(v.picklist(['transactional', 'bulk']), 'Which queue carries it.'),
    delivery: described(v.picklist(['at_least_once', 'at_most_once']), 'What is done after an unknown outcome.'),
    due_at: timeOrNull('When something will be done about it at the latest; null at its end.'),
    to: v.optional(list('Not there once the contents have been purged, as cc, bcc and reply_to.')),
    cc: v.optional(list('Recipients of a copy.')),
    bcc: v.optional(list('Recipients of a copy whom nobody sees.')),
    reply_to: v.optional(list('Where answers go.')),
    text: textOrNull('The text; null if it has none, or once the contents have been purged.'),
    html: textOrNull('The HTML; null if it has none, or once the contents have been purged.'),
    headers: described(v.nullable(v.record(v.string(), v.string())), 'The headers that the client added.'),
    attachments: described(
      v.nullable(
        v.array(
          v.strictObject({
            filename: text('Its name.'),
            content_type: textOrNull('Its media type; null: told by its name.'),
            content_id: textOrNull('How the HTML names it.'),
            size: count('Bytes.'),
          }),
        ),
      ),
      'The attachments, without their bytes.',
    ),
    metadata: described(v.nullable(v.record(v.string(), v.string())), 'What the client noted on it.'),
    template: described(v.nullable(UsedTemplate), 'The version of a template that it was rendered from.'),
    events: described(v.array(Event), 'Every step, the oldest first.'),
  }),
  v.title('Email'),
);

const at = '2026-01-31T12:00:00.000Z';
export const exampleEvents = [
  { type: 'accepted', at, status: 'queued' },
  {
    type: 'attempt',
    at,
    attempt: 1,
    relay: 'smtp.example.com:465',
    ms: 84,
    code: 250,
    enhanced_code: '2.0.0',
    reply: 'OK',
    category: 'accepted',
    outcome: 'sent',
    retryable: false,
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  },
  { type: 'sent', at },
] as const;
export const exampleSummary = {
  object: 'email',
  id: exampleId,
  status: 'sent',
  last_event: 'sent',
  message_id: `<${exampleId}@example.com>`,
  from: 'shop@example.com',
  recipients: ['a@example.com'],
  to: ['a@example.com'],
  cc: [],
  bcc: [],
  reply_to: [],
  subject: 'Your order',
  tags: [{ name: 'campaign', value: 'spring' }],
  created_at: at,
  scheduled_at: null,
  finished_at: at,
  attempts: 1,
  last_reply: '250 2.0.0 OK',
};
export const exampleEmail = {
  ...exampleSummary,
  from: 'Shop <shop@example.com>',
  recipients: [{ email: 'a@example.com', status: 'sent', code: 250, enhanced_code: '2.0.0', reply: 'OK' }],
  lane: 'transactional',
  delivery: 'at_least_once',
  due_at: null,
  to: ['a@example.com'],
  cc: [],
  bcc: [],
  reply_to: [],
  text: 'Thank you.',
  html: null,
  headers: {},
  attachments: [],
  metadata: {},
  template: { id: exampleTemplateId, name: 'welcome', version: 1 },
  events: exampleEvents,
};
