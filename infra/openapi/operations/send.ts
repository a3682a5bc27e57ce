// The operations that take emails; those that change them are in changes.ts.
import * as v from 'valibot';
import { rateLimits } from '../headers.ts';
import { type Documentation, exampleId, exampleTimes } from '../operation.ts';
import { changeDocs } from './changes.ts';
import { count, described, id, Status, shortEmail, templatedEmail, text, textOrNull } from './fields.ts';
import { previewDoc } from './preview.ts';
import { givenTemplate } from './templates.ts';

const limits = 'A request may have 40,000,000 bytes, unless the operator has set another limit.';

const original = {
  email: 'sender@example.com',
  name: 'Sender',
  to_name: 'Receiver',
  to_email: 'receiver@example.com',
  subject: 'Hello',
};
const { subject: _, ...originalWithTemplate } = original;
const long = {
  from: 'Shop <shop@example.com>',
  to: ['a@example.com', { email: 'b@example.com', name: 'B' }],
  cc: 'c@example.com',
  reply_to: 'help@example.com',
  subject: 'Your order',
  text: 'Thank you.',
  html: '<p>Thank you.</p><img src="cid:logo">',
  attachments: [
    { filename: 'a.txt', content: 'aGVsbG8=' },
    { filename: 'logo.gif', content: 'R0lGODlhAQABAAAAACw=', content_type: 'image/gif', content_id: 'logo' },
  ],
  headers: { 'X-Order': '7' },
  unsubscribe: { url: 'https://example.com/u?who=7' },
  tags: ['welcome', { name: 'campaign', value: 'spring' }],
  metadata: { order: '7' },
  lane: 'bulk',
  delivery: 'at_most_once',
};

const message = described(v.literal('Start Queue Email'), 'What the original API said.');
const Accepted = v.pipe(
  v.strictObject({
    id,
    status: described(v.picklist(['queued', 'scheduled', 'suppressed']), 'What it is at.'),
    message,
  }),
  v.title('AcceptedEmail'),
);
const Outcome = v.pipe(
  v.strictObject({
    id,
    status: Status,
    message,
    attempts: count('Attempts begun.'),
    last_reply: textOrNull('The last reply of a relay, or why there was none.'),
  }),
  v.title('EmailOutcome'),
);
const outcome = (status: string) => ({ ...accepted, status, attempts: 1, last_reply: '250 2.0.0 OK' });
const accepted = { id: exampleId, status: 'queued', message: 'Start Queue Email' };

/** For the sender, and for the client's limits. */
const refusals = ['invalid_from_address', 'rate_limit_exceeded', 'daily_quota_exceeded'] as const;

const sendHeaders = ['Idempotency-Key', 'Prefer', 'traceparent'] as const;
const sendAnswers: Documentation['answers'] = {
  200: {
    description: 'With `Prefer: wait=N`: it has come to its end.',
    headers: ['Location', 'Idempotency-Replayed', 'Preference-Applied', ...rateLimits],
    body: { 'application/json': { schema: Outcome, example: outcome('sent') } },
  },
  202: {
    description:
      'It is committed, and will be delivered; with `Prefer: wait=N`, what it is at now. `Accept: text/plain` gets the line `Start Queue Email` alone.',
    headers: ['Location', 'Idempotency-Replayed', 'Preference-Applied', ...rateLimits],
    body: {
      'application/json': { schema: v.union([Accepted, Outcome]), example: accepted },
    },
    unlisted: { 'text/plain': message },
  },
};

function send(alias?: string): Documentation {
  return {
    tag: 'Send',
    summary: 'Send an email',
    description: alias ?? `Takes an email in the full form, or in the short one of the original API. ${limits}`,
    headers: sendHeaders,
    errors: ['missing_required_field', ...refusals],
    answers: sendAnswers,
    examples: [
      { summary: 'Short', json: shortEmail, status: 202 },
      { summary: 'The body of the original API', json: original, status: 202 },
      {
        summary: 'Everything, once, with the outcome in the answer',
        headers: { 'Idempotency-Key': 'order-7', Prefer: 'wait=10' },
        json: long,
        status: 200,
      },
      { summary: 'With a template', given: givenTemplate, json: templatedEmail, status: 202 },
      {
        summary: 'The body of the original API, with a template',
        given: givenTemplate,
        json: { ...originalWithTemplate, template: { name: 'welcome', version: 1 }, data: templatedEmail.data },
        status: 202,
      },
      {
        summary: 'Later',
        json: { ...shortEmail, scheduled_at: exampleTimes.soon, expires_at: exampleTimes.later },
        status: 202,
      },
      { summary: 'The bare line', headers: { Accept: 'text/plain' }, json: original, status: 202 },
    ],
  };
}

const BatchAnswer = v.pipe(
  v.strictObject({
    data: described(v.array(v.strictObject({ id })), 'The emails, in the order of the request.'),
    errors: v.optional(
      described(
        v.array(v.strictObject({ index: count('Its place in the request.'), message: text('What is wrong with it.') })),
        'With `x-batch-validation: permissive`: the emails that were left out.',
      ),
    ),
  }),
  v.title('AcceptedBatch'),
);

function sendBatch(alias?: string): Documentation {
  return {
    tag: 'Send',
    summary: 'Send up to 100 emails',
    description:
      alias ??
      `Takes emails as \`POST /send\` does, all or none: the faults of each are named by its index. \`Idempotency-Key\` is for all of them together. ${limits}`,
    headers: ['Idempotency-Key', 'x-batch-validation', 'traceparent'],
    errors: ['missing_required_field', 'invalid_parameter', ...refusals],
    answers: {
      202: {
        description: 'They are committed together, and will be delivered.',
        headers: ['Idempotency-Replayed', ...rateLimits],
        body: { 'application/json': { schema: BatchAnswer, example: { data: [{ id: exampleId }] } } },
      },
    },
    examples: [
      { summary: 'A bare list', json: [shortEmail, original], status: 202 },
      { summary: 'A template for each', given: givenTemplate, json: [templatedEmail], status: 202 },
      {
        summary: 'The good ones of them',
        headers: { 'x-batch-validation': 'permissive' },
        json: { emails: [shortEmail, { ...shortEmail, to: 'nobody' }] },
        status: 202,
      },
    ],
  };
}

export const sendDocs = {
  sendEmail: send(),
  createEmail: send('The same as `POST /send`, under the name that other mail APIs have for it.'),
  sendBatch: sendBatch(),
  createEmails: sendBatch('The same as `POST /send/batch`, under the name that other mail APIs have for it.'),
  previewEmail: previewDoc,
  ...changeDocs,
};
