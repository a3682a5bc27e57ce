// The operations of suppressions: to whom a client sends no more.
import * as v from 'valibot';
import {
  AddBatchRequest,
  RemoveBatchRequest,
  SuppressionRequest,
} from '../../../functions/manage/suppressions/suppression-request.ts';
import { type Call, type Documentation, exampleId, exampleSuppressionId, type Prose } from '../operation.ts';
import { Reason } from './email-answers.ts';
import { described, kind, pageDescriptions, pageOf, text, textOrNull, time } from './fields.ts';

/** Nobody else's in the examples: emails to it end as `suppressed`. */
const recipient = 'gone@example.com';

const suppressionId = described(v.pipe(v.string(), v.uuid()), 'Its id.');
const Origin = described(v.picklist(['bounce', 'complaint', 'manual']), 'The reason, as Resend calls it.');

const Suppression = v.pipe(
  v.strictObject({
    object: kind('suppression'),
    id: suppressionId,
    recipient: text('The address, in lower case.'),
    email: text('The same, as Resend calls it.'),
    reason: Reason,
    origin: Origin,
    source_id: described(v.nullable(v.pipe(v.string(), v.uuid())), 'The email that bounced, as Resend calls it.'),
    email_id: described(v.nullable(v.pipe(v.string(), v.uuid())), 'The email that bounced.'),
    detail: textOrNull('What the relay said.'),
    created_at: time('Since when.'),
  }),
  v.title('Suppression'),
  v.description('An address that the client sends no more to.'),
);
const manual = {
  object: 'suppression',
  id: exampleSuppressionId,
  recipient,
  email: recipient,
  reason: 'manual',
  origin: 'manual',
  source_id: null,
  email_id: null,
  detail: null,
  created_at: '2026-01-31T12:00:00.000Z',
};
const bounced = {
  ...manual,
  ...{ reason: 'hard_bounce', origin: 'bounce', email_id: exampleId, source_id: exampleId },
  detail: '550 5.1.1 no such user',
};

const Removed = v.pipe(
  v.strictObject({
    object: kind('suppression'),
    id: suppressionId,
    recipient: text('The address, in lower case.'),
    email: text('The same, as Resend calls it.'),
    deleted: described(v.literal(true), 'That it is off.'),
  }),
  v.title('RemovedSuppression'),
);
const removed = { object: 'suppression', id: exampleSuppressionId, recipient, email: recipient, deleted: true };
const SuppressionList = v.pipe(
  v.strictObject({ object: kind('list'), data: described(v.array(Suppression), 'Those that were named.') }),
  v.title('SuppressionList'),
);

const recipientParameter = {
  recipient: {
    description: 'The address, percent-encoded, or the id.',
    schema: v.pipe(v.string(), v.metadata({ format: 'idn-email' })),
    example: recipient,
    unknown: 'nobody@example.com',
  },
};

async function givenSuppression(call: Call) {
  await call('POST', '/suppressions', { recipient });
  return {};
}

export const suppressionDocs = {
  listSuppressions: {
    tag: 'Recipients',
    summary: 'List suppressed recipients',
    description: 'In the order of their addresses.',
    query: {
      recipient: 'Only this address.',
      origin: 'Only those of this reason, as Resend calls it.',
      ...pageDescriptions,
    },
    answers: {
      200: {
        description: 'A page of them.',
        body: {
          'application/json': {
            schema: v.pipe(pageOf(Suppression, v.string()), v.title('SuppressionPage')),
            example: { object: 'list', data: [bounced], has_more: false, next_after: null },
          },
        },
      },
    },
    examples: [
      { summary: 'The first of them', given: givenSuppression, query: { limit: '100' }, status: 200 },
      { summary: 'Is this address on it?', given: givenSuppression, query: { recipient }, status: 200 },
    ],
  },
  addSuppressions: {
    tag: 'Recipients',
    summary: 'Suppress recipients',
    description:
      'Nothing is sent to them any more, in whichever email they are: they are `suppressed`, and the other recipients get it. An address that bounces for good comes on the list by itself. A client may add 1,000,000 of its own, unless the operator has set another bound.',
    errors: ['missing_required_field'],
    answers: {
      200: {
        description:
          'All that were named; those that were on the list keep their reason. Named by `email`, the one itself, without a list.',
        body: {
          'application/json': {
            schema: v.union([SuppressionList, Suppression]),
            example: { object: 'list', data: [manual] },
          },
        },
      },
    },
    examples: [
      { summary: 'One', json: { recipient }, status: 200 },
      { summary: 'One, as Resend calls it', json: { email: recipient }, status: 200 },
      { summary: 'Several', json: { recipients: [recipient, 'former@example.com'] }, status: 200 },
    ],
  },
  getSuppression: {
    tag: 'Recipients',
    summary: 'Read a suppression',
    description: 'Whether and why an address is on the list.',
    path_parameters: recipientParameter,
    answers: {
      200: {
        description: 'It is on the list.',
        body: { 'application/json': { schema: Suppression, example: manual } },
      },
    },
    examples: [{ summary: 'Is it?', given: givenSuppression, status: 200 }],
  },
  addSuppressionBatch: {
    tag: 'Recipients',
    summary: 'Suppress several recipients',
    description: 'As `POST /suppressions` with `recipients`, by the names of Resend.',
    errors: ['missing_required_field'],
    answers: {
      200: {
        description: 'All that were named; those that were on the list keep their reason.',
        body: { 'application/json': { schema: SuppressionList, example: { object: 'list', data: [manual] } } },
      },
    },
    examples: [{ summary: 'One of several', json: { emails: [recipient] }, status: 200 }],
  },
  removeSuppressionBatch: {
    tag: 'Recipients',
    summary: 'Take several recipients off the list',
    description:
      'By their addresses or by the ids of their suppressions. Those that are not on the list are passed over.',
    errors: ['missing_required_field'],
    answers: {
      200: {
        description: 'Those that were on the list, and are off it.',
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({
                object: kind('list'),
                data: described(v.array(Removed), 'Those that were on the list.'),
              }),
              v.title('RemovedSuppressions'),
            ),
            example: { object: 'list', data: [removed] },
          },
        },
      },
    },
    examples: [{ summary: 'By address', given: givenSuppression, json: { emails: [recipient] }, status: 200 }],
  },
  removeSuppression: {
    tag: 'Recipients',
    summary: 'Take a recipient off the list',
    description: 'Emails go to this address again, those that wait among them.',
    path_parameters: recipientParameter,
    answers: {
      200: { description: 'It is off the list.', body: { 'application/json': { schema: Removed, example: removed } } },
    },
    examples: [{ summary: 'Send to it again', given: givenSuppression, status: 200 }],
  },
} satisfies Record<string, Documentation>;

export const suppressionProse: Prose[] = [
  {
    schema: SuppressionRequest,
    name: 'SuppressionRequest',
    description: 'Whom to send no more to: one address or several.',
    fields: {
      recipient: 'The address.',
      recipients: 'The addresses, in place of one.',
      email: 'The address, in place of `recipient`: as Resend calls it.',
      emails: 'The addresses, in place of `recipients`.',
    },
  },
  {
    schema: AddBatchRequest,
    name: 'AddSuppressionsRequest',
    description: 'Whom to send no more to.',
    fields: { emails: 'The addresses.' },
  },
  {
    schema: RemoveBatchRequest,
    name: 'RemoveSuppressionsRequest',
    description: 'Whom to send to again: addresses or ids.',
    fields: { emails: 'The addresses.', ids: 'Ids of suppressions, in place of addresses.' },
  },
];
