// The routes of webhooks: endpoints of a client, and their deliveries.
import { clientRoute } from '../../../lib/auth/client-route.ts';
import { json } from '../../../lib/http/body-form.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { listWebhookDeliveries, replayWebhookDeliveries, replayWebhookDelivery, testWebhook } from './deliveries.ts';
import { ListDeliveriesQuery } from './delivery-query.ts';
import {
  ChangeWebhookRequest,
  CreateWebhookRequest,
  ListWebhooksQuery,
  ReplayDeliveriesRequest,
  RotateSecretRequest,
} from './endpoint-request.ts';
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  listWebhooks,
  rotateSigningSecret,
  rotateWebhookSecret,
  showWebhook,
} from './endpoints.ts';

const route = clientRoute<ManageDependencies>();
const all = '/webhooks';
const one = '/webhooks/{id}';

export const webhookRoutes = {
  createWebhook: route({
    method: 'POST',
    path: all,
    scope: 'email',
    body: json(CreateWebhookRequest),
    handle: createWebhook,
  }),
  listWebhooks: route({ method: 'GET', path: all, scope: 'basic', query: ListWebhooksQuery, handle: listWebhooks }),
  getWebhook: route({ method: 'GET', path: one, scope: 'basic', handle: showWebhook }),
  changeWebhook: route({
    method: 'PATCH',
    path: one,
    scope: 'email',
    body: json(ChangeWebhookRequest),
    handle: changeWebhook,
  }),
  deleteWebhook: route({ method: 'DELETE', path: one, scope: 'email', handle: deleteWebhook }),
  rotateWebhookSecret: route({
    method: 'POST',
    path: `${one}/rotate-secret`,
    scope: 'email',
    body: json(RotateSecretRequest),
    handle: rotateWebhookSecret,
  }),
  rotateSigningSecret: route({
    method: 'POST',
    path: `${one}/signing-secret/rotate`,
    scope: 'email',
    handle: rotateSigningSecret,
  }),
  testWebhook: route({ method: 'POST', path: `${one}/test`, scope: 'email', handle: testWebhook }),
  listDeliveries: route({
    method: 'GET',
    path: `${one}/deliveries`,
    scope: 'basic',
    query: ListDeliveriesQuery,
    handle: listWebhookDeliveries,
  }),
  replayDeliveries: route({
    method: 'POST',
    path: `${one}/deliveries/replay`,
    scope: 'email',
    body: json(ReplayDeliveriesRequest),
    handle: replayWebhookDeliveries,
  }),
  replayDelivery: route({
    method: 'POST',
    path: `${one}/deliveries/{delivery_id}/replay`,
    scope: 'email',
    handle: replayWebhookDelivery,
  }),
};
