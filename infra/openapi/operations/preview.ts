// The operation that shows what an email would be, without sending it.
import * as v from 'valibot';
import { type Documentation, exampleTemplateId } from '../operation.ts';
import { Reason, UsedTemplate } from './email-answers.ts';
import { count, described, kind, templatedEmail, text, textOrNull, timeOrNull } from './fields.ts';
import { givenTemplate } from './templates.ts';

const RateLimit = v.pipe(
  v.strictObject({
    limit: count('Emails.'),
    remaining: count('Emails that are left.'),
    reset_s: count('Seconds until it is whole again.'),
  }),
  v.title('Allowance'),
  v.description('A limit of a client, and what is left of it.'),
);

const Preview = v.pipe(
  v.strictObject({
    object: kind('preview'),
    subject: text('The subject, as rendered.'),
    text: textOrNull('The text, as rendered, or as made of the HTML.'),
    html: textOrNull('The HTML, as rendered.'),
    template: described(v.nullable(UsedTemplate), 'The version of a template that it was rendered from.'),
    envelope: described(
      v.strictObject({
        from: text('The sender (MAIL FROM).'),
        to: described(v.array(v.string()), 'Whom it would go to (RCPT TO): the suppressed are not among them.'),
      }),
      'The envelope of SMTP.',
    ),
    route: described(
      v.strictObject({
        status: described(v.picklist(['queued', 'scheduled', 'suppressed']), 'What it would be at.'),
        lane: described(v.picklist(['transactional', 'bulk']), 'Which queue would carry it.'),
        delivery: described(v.picklist(['at_least_once', 'at_most_once']), 'What is done after an unknown outcome.'),
        scheduled_at: timeOrNull('When it would be delivered; null: at once.'),
        expires_at: timeOrNull('When it would expire.'),
      }),
      'Which way it would take.',
    ),
    findings: described(
      v.strictObject({
        sender_allowed: described(v.boolean(), 'Whether the client may send from this address.'),
        suppressed: described(
          v.array(v.strictObject({ recipient: text('The address.'), reason: Reason })),
          'Recipients that it would not go to.',
        ),
        rate: described(v.nullable(RateLimit), 'Emails a second; null: no limit.'),
        daily_quota: described(v.nullable(RateLimit), 'Emails a day, in UTC; null: no limit.'),
      }),
      'What would stand in its way.',
    ),
    message: text(
      'The message (RFC 5322) as it would travel, without DKIM signatures; its Date and Message-ID are of the preview.',
    ),
    message_truncated: described(
      v.boolean(),
      'Whether the message goes on after what is shown of it, a million characters.',
    ),
  }),
  v.title('Preview'),
);

export const previewDoc: Documentation = {
  tag: 'Send',
  summary: 'See what an email would be',
  description:
    'Takes what `POST /send` takes, stores nothing and sends nothing. It refuses what `POST /send` refuses, except that a sender that is not allowed and limits that are used up are told in `findings`.',
  errors: ['missing_required_field'],
  answers: {
    200: {
      description: 'What it would be.',
      body: {
        'application/json': {
          schema: Preview,
          example: {
            object: 'preview',
            subject: 'Welcome, Ada',
            text: 'Hello Ada\n',
            html: '<p>Hello Ada</p>',
            template: { id: exampleTemplateId, name: 'welcome', version: 1 },
            envelope: { from: 'shop@example.com', to: ['a@example.com'] },
            route: {
              status: 'queued',
              lane: 'transactional',
              delivery: 'at_least_once',
              scheduled_at: null,
              expires_at: null,
            },
            findings: {
              sender_allowed: true,
              suppressed: [],
              rate: { limit: 10, remaining: 10, reset_s: 0 },
              daily_quota: null,
            },
            message: 'From: Shop <shop@example.com>\r\nTo: a@example.com\r\nSubject: Welcome, Ada\r\n…',
            message_truncated: false,
          },
        },
      },
    },
  },
  examples: [
    { summary: 'A template with its data', given: givenTemplate, json: templatedEmail, status: 200 },
    {
      summary: 'To somebody who is perhaps suppressed',
      json: { ...templatedEmail, to: ['a@example.com', 'gone@example.com'] },
      given: givenTemplate,
      status: 200,
    },
  ],
};
