// The operations of the history function: what became of emails.
import * as v from 'valibot';
import { maxRangeDays } from '../../../functions/history/stats-query.ts';
import { emailStatuses } from '../../../lib/store/emails/email.ts';
import { type Call, type Documentation, exampleId } from '../operation.ts';
import { Email, Event, exampleEmail, exampleEvents, exampleSummary, Summary } from './email-answers.ts';
import { count, described, emailIdParameter, kind, more, shortEmail, time } from './fields.ts';

/** An email that a relay took, in place of the one that is shown. */
async function givenSent(call: Call) {
  const { id } = await call('POST', '/send', { ...shortEmail, tags: [{ name: 'campaign', value: 'spring' }] });
  while ((await call('GET', `/emails/${id}`)).status !== 'sent');
  return { [exampleId]: id };
}

const counts = v.strictObject(
  Object.fromEntries(emailStatuses.map((status) => [status, count(`Emails that are ${status}.`)])) as Record<
    (typeof emailStatuses)[number],
    ReturnType<typeof count>
  >,
);
const StatusCounts = v.pipe(counts, v.title('StatusCounts'));
const latency = (share: string) =>
  described(v.nullable(v.number()), `Milliseconds that ${share} of the sent emails took at most; null without any.`);

const Stats = v.pipe(
  v.strictObject({
    object: kind('stats'),
    since: time('Emails accepted at this time or later …'),
    until: time('… and before this time.'),
    interval: described(v.picklist(['hour', 'day']), 'How the series is cut, in UTC.'),
    total: count('Emails accepted.'),
    statuses: StatusCounts,
    bounce_rate: described(
      v.nullable(v.number()),
      'Bounced emails among those that a relay took or that bounced, from 0 to 1; null without any.',
    ),
    late_bounces: count('Emails of which a bounce came back after a relay had taken them, of one recipient at least.'),
    late_bounce_rate: described(
      v.nullable(v.number()),
      'Their share of the emails that a relay took, from 0 to 1; null without any.',
    ),
    complaints: count('Emails of which a recipient complained.'),
    complaint_rate: described(
      v.nullable(v.number()),
      'Their share of the emails that a relay took, from 0 to 1; null without any.',
    ),
    latency_ms: described(
      v.strictObject({ p50: latency('half'), p95: latency('95 of 100') }),
      'From when delivery was wanted (accepted, the time asked for, or sent again) until a relay had taken it.',
    ),
    series: described(
      v.array(
        v.strictObject({
          at: time('When the hour or day begins.'),
          total: count('Emails accepted in it.'),
          statuses: StatusCounts,
        }),
      ),
      'Every hour or day of the range, with those in which nothing was accepted.',
    ),
  }),
  v.title('Stats'),
);
const exampleCounts = { ...Object.fromEntries(emailStatuses.map((status) => [status, 0])), sent: 98, bounced: 2 };

export const historyDocs = {
  listEmails: {
    tag: 'History',
    summary: 'List emails',
    description: 'The emails of the client, newest first. `after` with the `next_after` of a page gets the next one.',
    query: {
      status: 'Only those at this status.',
      recipient: 'Only those to this address; case and the spelling of its domain do not matter.',
      tag: 'Only those with this tag: `name`, whatever its value, or `name:value`.',
      since: 'Only those accepted at this time or later.',
      after: 'Only those before this one: the `next_after` of the page before.',
      before: 'In place of `after`: only those next before this one in the list.',
      limit: 'So many at most.',
    },
    answers: {
      200: {
        description: 'A page of them.',
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({
                object: kind('list'),
                data: described(v.array(Summary), 'The emails.'),
                has_more: more,
                next_after: described(
                  v.nullable(v.pipe(v.string(), v.uuid())),
                  'Where the next page begins; null on the last.',
                ),
              }),
              v.title('EmailList'),
            ),
            example: { object: 'list', data: [exampleSummary], has_more: false, next_after: null },
          },
        },
      },
    },
    examples: [
      { summary: 'The newest', given: givenSent, status: 200 },
      {
        summary: 'What a campaign bounced',
        query: { status: 'bounced', tag: 'campaign:spring', since: '2026-01-31T12:00:00Z', limit: '100' },
        status: 200,
      },
    ],
  },
  getEmail: {
    tag: 'History',
    summary: 'Read an email',
    description: 'What was sent, what became of each recipient, and every step on the way, the last 100 of them.',
    path_parameters: emailIdParameter,
    answers: {
      200: { description: 'The email.', body: { 'application/json': { schema: Email, example: exampleEmail } } },
    },
    examples: [{ summary: 'What became of it', given: givenSent, status: 200 }],
  },
  listEvents: {
    tag: 'History',
    summary: 'List the events of an email',
    description: 'Every step, the oldest first. `after` with the `next_after` of a page gets the next one.',
    path_parameters: emailIdParameter,
    query: {
      after: 'Only those after this one: the `next_after` of the page before.',
      limit: 'So many at most.',
    },
    answers: {
      200: {
        description: 'The events.',
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({
                object: kind('list'),
                data: described(v.array(Event), 'The events.'),
                has_more: more,
                next_after: described(v.nullable(v.string()), 'Where the next page begins; null on the last.'),
              }),
              v.title('EventList'),
            ),
            example: { object: 'list', data: exampleEvents, has_more: false, next_after: null },
          },
        },
      },
    },
    examples: [{ summary: 'Its steps', given: givenSent, status: 200 }],
  },
  getEmailSource: {
    tag: 'History',
    summary: 'Read the message of an email',
    description:
      'The MIME message (RFC 5322) as it was or would be handed to a relay, without DKIM signatures; Bcc is not in it. 404, too, once the contents have been purged or erased.',
    path_parameters: emailIdParameter,
    answers: {
      200: {
        description: 'The message.',
        body: {
          'message/rfc822': {
            schema: v.string(),
            example: 'From: Shop <shop@example.com>\r\nTo: a@example.com\r\nSubject: Your order\r\n…',
          },
        },
      },
    },
    examples: [{ summary: 'What was sent', given: givenSent, status: 200 }],
  },
  getStats: {
    tag: 'History',
    summary: 'Count emails',
    description: `How the emails of the client stand that were accepted in a range of time, of ${maxRangeDays} days at most, and how long they took.`,
    query: {
      since: 'Emails accepted at this time or later; 24 hours before `until` unless given.',
      until: 'Emails accepted before this time; now unless given.',
      interval: 'How the series is cut, in UTC: hours for up to 2 days and days for more, unless given.',
    },
    answers: {
      200: {
        description: 'The counts.',
        body: {
          'application/json': {
            schema: Stats,
            example: {
              object: 'stats',
              since: '2026-01-30T00:00:00.000Z',
              until: '2026-01-31T00:00:00.000Z',
              interval: 'day',
              total: 100,
              statuses: exampleCounts,
              bounce_rate: 0.02,
              late_bounces: 1,
              late_bounce_rate: 0.0101,
              complaints: 0,
              complaint_rate: 0,
              latency_ms: { p50: 120, p95: 900 },
              series: [{ at: '2026-01-30T00:00:00.000Z', total: 100, statuses: exampleCounts }],
            },
          },
        },
      },
    },
    examples: [
      { summary: 'The last 24 hours', given: givenSent, status: 200 },
      {
        summary: 'January, day by day',
        query: { since: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z', interval: 'day' },
        status: 200,
      },
    ],
  },
} satisfies Record<string, Documentation>;
