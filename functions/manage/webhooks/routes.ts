// The routes of webhooks.
import { databaseError } from '../../../lib/http/database-error.ts';
import type { Route } from '../../../lib/http/route.ts';
import type { AllowedRanges } from '../../../lib/http/webhook-target.ts';
import type { Authorized, Handler } from '../handler.ts';
import { listWebhookDeliveries, replayWebhookDeliveries, replayWebhookDelivery, testWebhook } from './deliveries.ts';
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  listWebhooks,
  rotateWebhookSecret,
  showWebhook,
} from './endpoints.ts';

const accepts = ['application/json'] as const;

export function webhookRoutes(authorized: Authorized, allowed: AllowedRanges): Route[] {
  const read = (handler: Handler) => authorized('basic', orAway(handler));
  const change = (handler: Handler) => authorized('email', orAway(handler));
  return [
    { method: 'POST', path: '/webhooks', accepts, handle: change(createWebhook(allowed)) },
    { method: 'GET', path: '/webhooks', handle: read(listWebhooks) },
    { method: 'GET', path: '/webhooks/{id}', handle: read(showWebhook) },
    { method: 'PATCH', path: '/webhooks/{id}', accepts, handle: change(changeWebhook(allowed)) },
    { method: 'DELETE', path: '/webhooks/{id}', handle: change(deleteWebhook) },
    { method: 'POST', path: '/webhooks/{id}/rotate-secret', accepts, handle: change(rotateWebhookSecret) },
    { method: 'POST', path: '/webhooks/{id}/test', handle: change(testWebhook) },
    { method: 'GET', path: '/webhooks/{id}/deliveries', handle: read(listWebhookDeliveries) },
    { method: 'POST', path: '/webhooks/{id}/deliveries/replay', accepts, handle: change(replayWebhookDeliveries) },
    { method: 'POST', path: '/webhooks/{id}/deliveries/{delivery_id}/replay', handle: change(replayWebhookDelivery) },
  ];
}

/** Where the database is away, that is what the caller is told. */
function orAway(handler: Handler): Handler {
  return (...given) =>
    handler(...given).catch((error) => {
      throw databaseError(error);
    });
}
