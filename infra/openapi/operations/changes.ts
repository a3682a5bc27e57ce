// The operations of the send function that change emails which are there: called back, moved, sent again, erased.
import * as v from 'valibot';
import { rateLimits } from '../headers.ts';
import { type Call, type Documentation, exampleId, exampleTimes } from '../operation.ts';
import { count, described, emailIdParameter, id, kind, more, shortEmail, text, time } from './fields.ts';

/** An email that is at `status` (or on its way to it), in place of the one that is shown. */
async function givenEmail(call: Call, status: 'scheduled' | 'canceled') {
  const { id } = await call('POST', '/send', { ...shortEmail, scheduled_at: exampleTimes.soon });
  if (status === 'canceled') await call('POST', `/emails/${id}/cancel`);
  return { [exampleId]: id };
}

/** Each email that is moved or sent again counts in the client's limits as one that is sent. */
const limited = ['rate_limit_exceeded', 'daily_quota_exceeded'] as const;

const single = (status: string) => v.strictObject({ object: kind('email'), id, status: v.literal(status) });

export const changeDocs = {
  cancelEmail: {
    tag: 'Send',
    summary: 'Call an email back',
    description:
      'An email that is `scheduled`, `queued` or `deferred` is not sent at all. Canceling it twice is no error.',
    path_parameters: emailIdParameter,
    errors: ['conflict'],
    answers: {
      200: {
        description: 'It is canceled.',
        body: {
          'application/json': {
            schema: v.pipe(single('canceled'), v.title('CanceledEmail')),
            example: { object: 'email', id: exampleId, status: 'canceled' },
          },
        },
      },
    },
    examples: [{ summary: 'Call it back', given: (call) => givenEmail(call, 'scheduled'), status: 200 }],
  },
  rescheduleEmail: {
    tag: 'Send',
    summary: 'Move a scheduled email',
    description:
      'Gives an email that is `scheduled` another time, before its `expires_at`, 100 times at most. It counts as an email in the limits of the client.',
    path_parameters: emailIdParameter,
    errors: ['missing_required_field', 'conflict', ...limited],
    answers: {
      200: {
        description: 'It has the new time.',
        headers: [...rateLimits],
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({ ...single('scheduled').entries, scheduled_at: time('When it is delivered.') }),
              v.title('RescheduledEmail'),
            ),
            example: { object: 'email', id: exampleId, status: 'scheduled', scheduled_at: exampleTimes.later },
          },
        },
      },
    },
    examples: [
      {
        summary: 'An hour later',
        given: (call) => givenEmail(call, 'scheduled'),
        json: { scheduled_at: exampleTimes.later },
        status: 200,
      },
    ],
  },
  replayEmail: {
    tag: 'Send',
    summary: 'Send an email again',
    description:
      'A new attempt on an email that ended as `failed`, `bounced`, `unknown`, `expired` or `canceled`, while its contents are kept. Recipients that have it already do not get it twice. It counts as an email in the limits of the client, and is possible 100 times.',
    path_parameters: emailIdParameter,
    errors: ['conflict', 'invalid_from_address', ...limited],
    answers: {
      202: {
        description: 'It is queued.',
        headers: [...rateLimits],
        body: {
          'application/json': {
            schema: v.pipe(single('queued'), v.title('ReplayedEmail')),
            example: { object: 'email', id: exampleId, status: 'queued' },
          },
        },
      },
    },
    examples: [{ summary: 'Send it again', given: (call) => givenEmail(call, 'canceled'), status: 202 }],
  },
  replayEmails: {
    tag: 'Send',
    summary: 'Send several emails again',
    description:
      'Those that fit, the oldest first. Emails whose contents have been purged are passed over; repeat the call while `has_more` is true. Each counts as an email in the limits of the client: all fit, or none is sent again.',
    errors: [...limited],
    answers: {
      202: {
        description: 'They are queued.',
        headers: [...rateLimits],
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({
                object: kind('list'),
                data: described(v.array(v.strictObject({ id })), 'Those that are sent again.'),
                has_more: more,
              }),
              v.title('ReplayedEmails'),
            ),
            example: { object: 'list', data: [{ id: exampleId }], has_more: false },
          },
        },
      },
    },
    examples: [
      {
        summary: 'What an outage left',
        given: (call) => givenEmail(call, 'canceled'),
        json: { status: ['failed', 'canceled'], since: '2026-01-31T12:00:00Z', recipient: 'a@example.com', limit: 10 },
        status: 202,
      },
    ],
  },
  eraseRecipient: {
    tag: 'Recipients',
    summary: 'Forget a recipient',
    description:
      'Takes an address out of all emails of the client, with all that they say; what was sent when, and how it ended, stays. Emails to it that wait are called back.',
    errors: ['missing_required_field'],
    answers: {
      200: {
        description:
          'It is erased, from all but those emails that are being sent at this moment: repeat the call for them.',
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({
                object: kind('erasure'),
                erased: count('Emails that no longer say to whom they went.'),
                canceled: count('Those of them that were called back for it.'),
                on_the_way: count('Emails that are being sent at this moment.'),
                message: text('The same in words.'),
              }),
              v.title('Erasure'),
            ),
            example: { object: 'erasure', erased: 1, canceled: 1, on_the_way: 0, message: 'The recipient is erased.' },
          },
        },
      },
    },
    examples: [
      {
        summary: 'Forget a@example.com',
        given: (call) => givenEmail(call, 'scheduled'),
        json: { recipient: 'a@example.com' },
        status: 200,
      },
    ],
  },
} satisfies Record<string, Documentation>;
