// The operations of webhooks: endpoints of a client, and what was delivered to them. What they are told is in webhook-messages.ts.
import * as v from 'valibot';
import { ListDeliveriesQuery } from '../../../functions/manage/webhooks/delivery-query.ts';
import {
  ChangeWebhookRequest,
  CreateWebhookRequest,
  ReplayDeliveriesRequest,
  RotateSecretRequest,
} from '../../../functions/manage/webhooks/webhook-request.ts';
import { type DeliveryStatus, deliveryStatuses, webhookEvents } from '../../../lib/webhooks/webhook.ts';
import {
  type Answer,
  type Call,
  exampleDeliveryId,
  exampleEndpoint,
  exampleWebhookId,
  type Operation,
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

const json = ['application/json'] as const;

/** An endpoint, in place of the one that is shown. */
async function givenWebhook(call: Call) {
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

const webhookId = described(v.pipe(v.string(), v.uuid()), 'Id of the webhook.');
const endpoint = {
  object: kind('webhook'),
  id: webhookId,
  url: text('Where it leads.'),
  events: described(v.array(v.picklist(webhookEvents)), 'The events that it is told of.'),
  created_at: time('When it was made.'),
  last_success_at: timeOrNull('When it last took something.'),
  last_failure_at: timeOrNull('When it last did not.'),
  disabled_at: timeOrNull('Since when nothing is delivered to it; null: it is enabled.'),
  disabled_reason: textOrNull('Why it is disabled.'),
};
const secret = text('The secret: verify messages with it. It is shown this once.');

const Webhook = v.pipe(v.strictObject(endpoint), v.title('Webhook'));
const NewWebhook = v.pipe(v.strictObject({ ...endpoint, secret }), v.title('NewWebhook'));
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
const exampleWebhook = {
  object: 'webhook',
  id: exampleWebhookId,
  url: exampleEndpoint,
  events: ['email.bounced'],
  created_at: at,
  last_success_at: at,
  last_failure_at: null,
  disabled_at: null,
  disabled_reason: null,
};
/** That of the specification's examples. */
const exampleSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
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

const idParameter = {
  id: { description: 'Id of the webhook.', schema: v.pipe(v.string(), v.uuid()), example: exampleWebhookId },
};
const answered = (description: string, schema: v.GenericSchema, example: unknown): Answer => ({
  description,
  body: { 'application/json': { schema, example } },
});

const endpointOperations: Operation[] = [
  {
    method: 'POST',
    path: '/webhooks',
    id: 'createWebhook',
    tag: 'Webhooks',
    summary: 'Make a webhook',
    description:
      'Has an endpoint told of what becomes of the emails of the client, as the section webhooks of this document says: with a POST that is signed after the Standard Webhooks specification. A client has 20 at most. The URL has to lead to a public address, with https.',
    security: 'email',
    body: { schema: CreateWebhookRequest, types: json },
    errors: ['missing_required_field'],
    answers: {
      201: {
        ...answered('It is there.', NewWebhook, { ...exampleWebhook, last_success_at: null, secret: exampleSecret }),
        headers: ['Location'],
      },
    },
    examples: [
      { summary: 'Of every event', json: { url: exampleEndpoint }, status: 201 },
      {
        summary: 'Of what went wrong, with a secret that the endpoint knows',
        json: { url: exampleEndpoint, events: ['email.bounced', 'email.failed'], secret: exampleSecret },
        status: 201,
      },
    ],
  },
  {
    method: 'GET',
    path: '/webhooks',
    id: 'listWebhooks',
    tag: 'Webhooks',
    summary: 'List webhooks',
    description: 'All of the client, the oldest first, without their secrets.',
    security: 'basic',
    answers: {
      200: answered(
        'The webhooks.',
        v.pipe(
          v.strictObject({ object: kind('list'), data: described(v.array(Webhook), 'The webhooks.') }),
          v.title('WebhookList'),
        ),
        { object: 'list', data: [exampleWebhook] },
      ),
    },
    examples: [{ summary: 'All of them', given: givenWebhook, status: 200 }],
  },
  {
    method: 'GET',
    path: '/webhooks/{id}',
    id: 'getWebhook',
    tag: 'Webhooks',
    summary: 'Read a webhook',
    description:
      'How it does, and why it is disabled, if it is: its client did it, it answered 410, or it took nothing for as long as a delivery is tried.',
    security: 'basic',
    path_parameters: idParameter,
    answers: { 200: answered('The webhook.', Webhook, exampleWebhook) },
    examples: [{ summary: 'How it does', given: givenWebhook, status: 200 }],
  },
  {
    method: 'PATCH',
    path: '/webhooks/{id}',
    id: 'changeWebhook',
    tag: 'Webhooks',
    summary: 'Change a webhook',
    description:
      'What is not given stays as it is. Nothing comes into being for a webhook that is disabled, and what waits for it fails.',
    security: 'email',
    path_parameters: idParameter,
    body: { schema: ChangeWebhookRequest, types: json },
    answers: { 200: answered('It is changed.', Webhook, exampleWebhook) },
    examples: [
      { summary: 'Other events', given: givenWebhook, json: { events: ['email.bounced'] }, status: 200 },
      { summary: 'Stop it', given: givenWebhook, json: { disabled: true }, status: 200 },
      { summary: 'Start it again', given: givenWebhook, json: { disabled: false }, status: 200 },
    ],
  },
  {
    method: 'DELETE',
    path: '/webhooks/{id}',
    id: 'deleteWebhook',
    tag: 'Webhooks',
    summary: 'Delete a webhook',
    description: 'With its deliveries.',
    security: 'email',
    path_parameters: idParameter,
    answers: { 204: { description: 'It is gone.' } },
    examples: [{ summary: 'Delete it', given: givenWebhook, status: 204 }],
  },
  {
    method: 'POST',
    path: '/webhooks/{id}/rotate-secret',
    id: 'rotateWebhookSecret',
    tag: 'Webhooks',
    summary: 'Change the secret of a webhook',
    description:
      'Messages are signed with the new secret from now on, and with the earlier ones beside it for a while: both verify, so there is no gap.',
    security: 'email',
    path_parameters: idParameter,
    body: { schema: RotateSecretRequest, types: json },
    answers: {
      200: answered(
        'The new secret signs.',
        v.pipe(v.strictObject({ object: kind('webhook'), id: webhookId, secret }), v.title('RotatedSecret')),
        { object: 'webhook', id: exampleWebhookId, secret: exampleSecret },
      ),
    },
    examples: [
      {
        summary: 'The earlier one is good for an hour more',
        given: givenWebhook,
        json: { keep_seconds: 3_600 },
        status: 200,
      },
      { summary: 'It leaked: not a second more', given: givenWebhook, json: { keep_seconds: 0 }, status: 200 },
    ],
  },
];

const deliveryOperations: Operation[] = [
  {
    method: 'POST',
    path: '/webhooks/{id}/test',
    id: 'testWebhook',
    tag: 'Webhooks',
    summary: 'Have an example delivered',
    description: 'An `email.sent` with `"test": true`, of no email. 409 where the webhook is disabled.',
    security: 'email',
    path_parameters: idParameter,
    errors: ['conflict'],
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
  {
    method: 'GET',
    path: '/webhooks/{id}/deliveries',
    id: 'listDeliveries',
    tag: 'Webhooks',
    summary: 'List the deliveries of a webhook',
    description: 'What was delivered, and what not and why; newest first.',
    security: 'basic',
    path_parameters: idParameter,
    query: { schema: ListDeliveriesQuery, descriptions: { status: 'Only those at this status.', ...pageDescriptions } },
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
  {
    method: 'POST',
    path: '/webhooks/{id}/deliveries/replay',
    id: 'replayDeliveries',
    tag: 'Webhooks',
    summary: 'Deliver again what failed',
    description:
      'The failed deliveries of a time, the oldest first. Repeat the call while `has_more` is true. 409 where the webhook is disabled.',
    security: 'email',
    path_parameters: idParameter,
    body: { schema: ReplayDeliveriesRequest, types: json },
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
  {
    method: 'POST',
    path: '/webhooks/{id}/deliveries/{delivery_id}/replay',
    id: 'replayDelivery',
    tag: 'Webhooks',
    summary: 'Make a delivery again',
    description:
      'At once, whether it waits or is at its end. 409 while it is being made, and where the webhook is disabled.',
    security: 'email',
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
];

export const webhookOperations: Operation[] = [...endpointOperations, ...deliveryOperations];

const inBoth = {
  url: 'Where to deliver: https, without a user name, to a public address.',
  events: 'The events to tell of; `*`: all but `email.attempt`.',
};
const chosenSecret = 'A secret of one’s own: `whsec_` and 24 to 64 random bytes in base64. Made unless given.';

export const webhookProse: Prose[] = [
  {
    schema: CreateWebhookRequest,
    name: 'CreateWebhookRequest',
    description: 'An endpoint.',
    fields: { ...inBoth, secret: chosenSecret },
  },
  {
    schema: ChangeWebhookRequest,
    name: 'ChangeWebhookRequest',
    description: 'What is to be changed.',
    fields: { ...inBoth, disabled: 'Whether nothing is to be delivered. `false` enables it, whyever it was disabled.' },
  },
  {
    schema: RotateSecretRequest,
    name: 'RotateSecretRequest',
    description: 'Another secret.',
    fields: { secret: chosenSecret, keep_seconds: 'How long the earlier secrets sign beside it.' },
  },
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
