// The operations of webhooks: endpoints of a client. Their deliveries are in deliveries.ts; what they are told is in webhook-messages.ts.
import * as v from 'valibot';
import {
  ChangeWebhookRequest,
  CreateWebhookRequest,
  RotateSecretRequest,
} from '../../../functions/manage/webhooks/endpoint-request.ts';
import { webhookEvents } from '../../../lib/store/webhooks/webhook.ts';
import { type Documentation, exampleEndpoint, exampleWebhookId, type Prose } from '../operation.ts';
import { answered, deliveryDocs, deliveryProse, givenWebhook, idParameter, webhookId } from './deliveries.ts';
import { described, kind, pageDescriptions, pageOf, text, textOrNull, time, timeOrNull } from './fields.ts';

const endpoint = {
  object: kind('webhook'),
  id: webhookId,
  url: text('Where it leads.'),
  endpoint: text('The same, as Resend calls it.'),
  status: described(v.picklist(['enabled', 'disabled']), 'Whether it is told anything.'),
  events: described(v.array(v.picklist(webhookEvents)), 'The events that it is told of.'),
  created_at: time('When it was made.'),
  last_success_at: timeOrNull('When it last took something.'),
  last_failure_at: timeOrNull('When it last did not.'),
  disabled_at: timeOrNull('Since when nothing is delivered to it; null: it is enabled.'),
  disabled_reason: textOrNull('Why it is disabled.'),
};
const secrets = {
  secret: text('The secret: verify messages with it. It is shown this once.'),
  signing_secret: text('The same, as Resend calls it.'),
};

const Webhook = v.pipe(v.strictObject(endpoint), v.title('Webhook'));
const NewWebhook = v.pipe(v.strictObject({ ...endpoint, ...secrets }), v.title('NewWebhook'));

const at = '2026-01-31T12:00:00.000Z';
const exampleWebhook = {
  object: 'webhook',
  id: exampleWebhookId,
  url: exampleEndpoint,
  endpoint: exampleEndpoint,
  status: 'enabled',
  events: ['email.bounced'],
  created_at: at,
  last_success_at: at,
  last_failure_at: null,
  disabled_at: null,
  disabled_reason: null,
};
/** That of the specification's examples. */
const exampleSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const exampleSecrets = { secret: exampleSecret, signing_secret: exampleSecret };

const RotatedSecret = v.pipe(
  v.strictObject({ object: kind('webhook'), id: webhookId, ...secrets }),
  v.title('RotatedSecret'),
);
const exampleRotated = { object: 'webhook', id: exampleWebhookId, ...exampleSecrets };

const endpointDocs = {
  createWebhook: {
    tag: 'Webhooks',
    summary: 'Make a webhook',
    description:
      'Has an endpoint told of what becomes of the emails of the client, as the messages of this document say: with a POST that is signed after the Standard Webhooks specification. A client has 20 at most. The URL has to lead to a public address, with https.',
    errors: ['missing_required_field'],
    answers: {
      201: {
        ...answered('It is there.', NewWebhook, { ...exampleWebhook, last_success_at: null, ...exampleSecrets }),
        headers: ['Location'],
      },
    },
    examples: [
      {
        summary: 'As Resend calls it',
        json: { endpoint: exampleEndpoint, events: ['email.sent', 'email.delivered', 'email.bounced'] },
        status: 201,
      },
      { summary: 'Of every event', json: { url: exampleEndpoint }, status: 201 },
      {
        summary: 'Of what went wrong, with a secret that the endpoint knows',
        json: { url: exampleEndpoint, events: ['email.bounced', 'email.failed'], secret: exampleSecret },
        status: 201,
      },
    ],
  },
  listWebhooks: {
    tag: 'Webhooks',
    summary: 'List webhooks',
    description: 'Those of the client, the oldest first, without their secrets.',
    query: pageDescriptions,
    answers: {
      200: answered('The webhooks.', v.pipe(pageOf(Webhook), v.title('WebhookList')), {
        object: 'list',
        data: [exampleWebhook],
        has_more: false,
        next_after: null,
      }),
    },
    examples: [{ summary: 'All of them', given: givenWebhook, status: 200 }],
  },
  getWebhook: {
    tag: 'Webhooks',
    summary: 'Read a webhook',
    description:
      'How it does, and why it is disabled, if it is: its client did it, it answered 410, or it took nothing for as long as a delivery is tried.',
    path_parameters: idParameter,
    answers: { 200: answered('The webhook.', Webhook, exampleWebhook) },
    examples: [{ summary: 'How it does', given: givenWebhook, status: 200 }],
  },
  changeWebhook: {
    tag: 'Webhooks',
    summary: 'Change a webhook',
    description:
      'What is not given stays as it is. Nothing comes into being for a webhook that is disabled, and what waits for it fails.',
    path_parameters: idParameter,
    answers: { 200: answered('It is changed.', Webhook, exampleWebhook) },
    examples: [
      { summary: 'Other events', given: givenWebhook, json: { events: ['email.bounced'] }, status: 200 },
      { summary: 'Stop it', given: givenWebhook, json: { disabled: true }, status: 200 },
      { summary: 'Start it again', given: givenWebhook, json: { disabled: false }, status: 200 },
    ],
  },
  deleteWebhook: {
    tag: 'Webhooks',
    summary: 'Delete a webhook',
    description: 'With its deliveries.',
    path_parameters: idParameter,
    answers: {
      200: answered(
        'It is gone.',
        v.pipe(
          v.strictObject({
            object: kind('webhook'),
            id: webhookId,
            deleted: described(v.literal(true), 'That it is gone.'),
          }),
          v.title('DeletedWebhook'),
        ),
        { object: 'webhook', id: exampleWebhookId, deleted: true },
      ),
    },
    examples: [{ summary: 'Delete it', given: givenWebhook, status: 200 }],
  },
  rotateWebhookSecret: {
    tag: 'Webhooks',
    summary: 'Change the secret of a webhook',
    description:
      'Messages are signed with the new secret from now on, and with the earlier ones beside it for a while: both verify, so there is no gap.',
    path_parameters: idParameter,
    answers: {
      200: answered('The new secret signs.', RotatedSecret, exampleRotated),
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
  rotateSigningSecret: {
    tag: 'Webhooks',
    summary: 'Change the secret of a webhook, as Resend has it',
    description: 'As `POST /webhooks/{id}/rotate-secret` with an empty object.',
    path_parameters: idParameter,
    answers: { 200: answered('The new secret signs.', RotatedSecret, exampleRotated) },
    examples: [{ summary: 'A new one', given: givenWebhook, status: 200 }],
  },
} satisfies Record<string, Documentation>;

export const webhookDocs = { ...endpointDocs, ...deliveryDocs };

const inBoth = {
  url: 'Where to deliver: https, without a user name, to a public address.',
  endpoint: 'The same, as Resend calls it.',
  events:
    'The events to tell of; `*`: all of ours but `email.attempt`. By the names of Resend: `email.scheduled`, `email.delivered` (a relay took it) and `email.delivery_delayed` come with ours; the others of its emails are taken, and never come.',
};
const chosenSecret = 'A secret of one’s own: `whsec_` and 24 to 64 random bytes in base64. Made unless given.';

export const webhookProse: Prose[] = [
  ...deliveryProse,
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
    fields: {
      ...inBoth,
      ...{ id: 'The id again, as some SDKs send it.', webhook_id: 'The same.' },
      status: '`disabled` or `enabled`, as Resend calls it.',
      disabled: 'Whether nothing is to be delivered. `false` enables it, whyever it was disabled.',
    },
  },
  {
    schema: RotateSecretRequest,
    name: 'RotateSecretRequest',
    description: 'Another secret.',
    fields: { secret: chosenSecret, keep_seconds: 'How long the earlier secrets sign beside it.' },
  },
];
