// The operations of a webhook's deliveries, and what they have in common with those of the webhook itself.
import * as v from 'valibot';
import { ReplayDeliveriesRequest } from '../../../functions/manage/webhooks/endpoint-request.ts';
import { type DeliveryStatus, deliveryStatuses } from '../../../lib/store/webhooks/webhook.ts';
import {
  type Answer,
  type Call,
  type Documentation,
  exampleDeliveryId,
  exampleEndpoint,
  exampleWebhookId,
  type Prose,
} from '../operation.ts';
import {
  count,
  described,
  kind,
  more,
  pageDescriptions,
  pageOf,
  text,
  textOrNull,
  time,
  timeOrNull,
} from './fields.ts';

/** An endpoint, in place of the one that is shown. */
export async function givenWebhook(call: Call) {
  const { id } = await call('POST', '/webhooks', { url: exampleEndpoint });
  return { [exampleWebhookId]: id };
}

/** An endpoint with a delivery that was made, in place of those that are shown. */
async function givenDelivery(call: Call) {
  const given = await givenWebhook(call);
  const path = `/webhooks/${given[exampleWebhookId]}`;
  const { id } = await call('POST', `${path}/test`);
  const delivered: DeliveryStatus = 'delivered';
  while ((await call('GET', `${path}/deliveries?status=${delivered}`)).data.length === 0);
  return { ...given, [exampleDeliveryId]: id };
}

export const webhookId = described(v.pipe(v.string(), v.uuid()), 'Id of the webhook.');
/** `{id}` in a path. */
export const idParameter = {
  id: { description: 'Id of the webhook.', schema: v.pipe(v.string(), v.uuid()), example: exampleWebhookId },
};
export const answered = (description: string, schema: v.GenericSchema, example: unknown): Answer => ({
  description,
  body: { 'application/json': { schema, example } },
});

const Delivery = v.pipe(
  v.strictObject({
    object: kind('webhook_delivery'),
    id: described(v.pipe(v.string(), v.uuid()), 'Its id: the `webhook-id` of its messages.'),
    type: text('The event.'),
    email_id: described(v.nullable(v.pipe(v.string(), v.uuid())), 'The email; null of an example.'),
    status: described(
      v.picklist(deliveryStatuses),
      '`pending`: it waits; `failed`: its attempts are used up, or the webhook was disabled.',
    ),
    attempts: count('Attempts begun.'),
    created_at: time('When it came into being.'),
    last_attempt_at: timeOrNull('When the last attempt ended.'),
    last_status_code: described(
      v.nullable(v.pipe(v.number(), v.integer())),
      'HTTP status of the last answer; null if none came.',
    ),
    last_reason: textOrNull('Why the last attempt failed.'),
    last_ms: described(v.nullable(v.number()), 'How long the last attempt took, in milliseconds.'),
    finished_at: timeOrNull('When it came to its end.'),
    next_attempt_at: timeOrNull('When it is tried next; null unless it is pending.'),
  }),
  v.title('WebhookDelivery'),
);

const at = '2026-01-31T12:00:00.000Z';
const exampleDelivery = {
  object: 'webhook_delivery',
  id: exampleDeliveryId,
  type: 'email.sent',
  email_id: null,
  status: 'delivered',
  attempts: 1,
  created_at: at,
  last_attempt_at: at,
  last_status_code: 204,
  last_reason: null,
  last_ms: 84,
  finished_at: at,
  next_attempt_at: null,
};

export const deliveryDocs = {
  testWebhook: {
    tag: 'Webhooks',
    summary: 'Have an example delivered',
    description:
      'An `email.sent` with `"test": true`, of no email; 20 an hour at most. 409 where the webhook is disabled.',
    path_parameters: idParameter,
    errors: ['conflict', 'rate_limit_exceeded'],
    answers: {
      202: answered(
        'It is on its way.',
        v.pipe(
          v.strictObject({
            object: kind('webhook_delivery'),
            id: described(v.pipe(v.string(), v.uuid()), 'Id of the delivery.'),
            type: described(v.literal('email.sent'), 'The event.'),
          }),
          v.title('ExampleDelivery'),
        ),
        { object: 'webhook_delivery', id: exampleDeliveryId, type: 'email.sent' },
      ),
    },
    examples: [{ summary: 'Does it arrive?', given: givenWebhook, status: 202 }],
  },
  listDeliveries: {
    tag: 'Webhooks',
    summary: 'List the deliveries of a webhook',
    description: 'What was delivered, and what not and why; newest first.',
    path_parameters: idParameter,
    query: { status: 'Only those at this status.', ...pageDescriptions },
    answers: {
      200: answered('A page of them.', v.pipe(pageOf(Delivery), v.title('WebhookDeliveryList')), {
        object: 'list',
        data: [exampleDelivery],
        has_more: false,
        next_after: null,
      }),
    },
    examples: [
      { summary: 'The newest', given: givenDelivery, status: 200 },
      { summary: 'What failed', given: givenWebhook, query: { status: 'failed', limit: '100' }, status: 200 },
    ],
  },
  replayDeliveries: {
    tag: 'Webhooks',
    summary: 'Deliver again what failed',
    description:
      'The failed deliveries of a time, the oldest first. Repeat the call while `has_more` is true. 409 where the webhook is disabled.',
    path_parameters: idParameter,
    errors: ['missing_required_field', 'conflict'],
    answers: {
      202: answered(
        'They are due at once.',
        v.pipe(
          v.strictObject({
            object: kind('webhook_replay'),
            replayed: count('Deliveries that are made again.'),
            has_more: more,
          }),
          v.title('ReplayedDeliveries'),
        ),
        { object: 'webhook_replay', replayed: 3, has_more: false },
      ),
    },
    examples: [
      {
        summary: 'What an outage of the endpoint left',
        given: givenWebhook,
        json: { since: '2026-01-31T12:00:00Z', until: '2026-01-31T18:00:00Z' },
        status: 202,
      },
    ],
  },
  replayDelivery: {
    tag: 'Webhooks',
    summary: 'Make a delivery again',
    description:
      'At once, whether it waits or is at its end. 409 while it is being made, after 100 attempts, and where the webhook is disabled.',
    path_parameters: {
      ...idParameter,
      delivery_id: {
        description: 'Id of the delivery.',
        schema: v.pipe(v.string(), v.uuid()),
        example: exampleDeliveryId,
      },
    },
    errors: ['conflict'],
    answers: {
      202: answered('It is due.', Delivery, {
        ...exampleDelivery,
        status: 'pending',
        finished_at: null,
        next_attempt_at: at,
      }),
    },
    examples: [{ summary: 'Once more', given: givenDelivery, status: 202 }],
  },
} satisfies Record<string, Documentation>;

export const deliveryProse: Prose[] = [
  {
    schema: ReplayDeliveriesRequest,
    name: 'ReplayDeliveriesRequest',
    description: 'Which failed deliveries to make again.',
    fields: {
      since: 'Only those that came into being at this time or later.',
      until: 'Only those that came into being before this time.',
      limit: 'So many at most, the oldest first.',
    },
  },
];
