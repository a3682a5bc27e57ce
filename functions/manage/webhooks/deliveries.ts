// The handlers of an endpoint's deliveries: listed, tried again, an example sent.
import { v7 as uuidv7 } from 'uuid';
import type { AccessToken } from '../../../lib/auth/access-token.ts';
import { parseJson } from '../../../lib/http/body.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Request } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import { checkBody } from '../../../lib/http/request-body.ts';
import type { Sql } from '../../../lib/store/database.ts';
import {
  deliveryExists,
  insertExample,
  listDeliveries,
  replayDelivery,
  replayFailed,
} from '../../../lib/store/webhooks/deliveries.ts';
import { type Endpoint, findEndpoint } from '../../../lib/store/webhooks/endpoints.ts';
import { isWebhookId } from '../../../lib/store/webhooks/webhook.ts';
import type { Handler } from '../handler.ts';
import { parseListDeliveries } from './delivery-query.ts';
import { ReplayDeliveriesRequest } from './endpoint-request.ts';
import { unknownWebhook } from './endpoints.ts';
import { showDelivery } from './show.ts';

/** What an example is one of. */
const exampleType = 'email.sent';

/** 200 `{object: "list", data, has_more, next_after}`, newest first. */
export const listWebhookDeliveries: Handler = async (request, client, { sql }) => {
  const { limit, ...filter } = parseListDeliveries(request.query);
  const { id } = await ownEndpoint(sql, request, client);
  // One more than asked for tells whether there is another page.
  const deliveries = await listDeliveries(sql, id, filter, limit + 1);
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: pageOf(deliveries, limit, showDelivery) };
};

/** 202 with the delivery, which is due at once, whether it waited or was at its end; 409 while it is being delivered. */
export const replayWebhookDelivery: Handler = async (request, client, { sql }) => {
  const { id } = await enabledEndpoint(sql, request, client);
  const { delivery_id = '' } = request.params;
  const delivery = isWebhookId(delivery_id) ? await replayDelivery(sql, id, delivery_id) : undefined;
  if (delivery !== undefined) return { status: 202, body: showDelivery(delivery) };
  if (isWebhookId(delivery_id) && (await deliveryExists(sql, id, delivery_id)))
    throw new ApiError('conflict', 'This delivery is just being made.');
  throw new ApiError('not_found', `This webhook has no delivery with the id ${delivery_id}.`);
};

/** 202 `{object: "list", replayed, has_more}`: how many that had failed are due again, and whether to ask once more. */
export const replayWebhookDeliveries: Handler = async (request, client, { sql }) => {
  const { since, until, limit } = checkBody(ReplayDeliveriesRequest, parseJson(request.body));
  const { id } = await enabledEndpoint(sql, request, client);
  const replayed = await replayFailed(sql, id, since, until, limit);
  return { status: 202, body: { object: 'webhook_replay', replayed, has_more: replayed === limit } };
};

/** 202 `{object, id}`: an example is on its way, marked as such in its body. */
export const testWebhook: Handler = async (request, client, { sql }) => {
  const endpoint = await enabledEndpoint(sql, request, client);
  const id = uuidv7();
  await insertExample(sql, endpoint.id, id, exampleType);
  return { status: 202, body: { object: 'webhook_delivery', id, type: exampleType } };
};

/** Another client's endpoint is as unknown as one that never was. */
async function ownEndpoint(sql: Sql, { params: { id = '' } }: Request, { clientId }: AccessToken): Promise<Endpoint> {
  const endpoint = isWebhookId(id) ? await findEndpoint(sql, clientId, id) : undefined;
  if (endpoint === undefined) throw unknownWebhook(id);
  return endpoint;
}

async function enabledEndpoint(sql: Sql, request: Request, client: AccessToken): Promise<Endpoint> {
  const endpoint = await ownEndpoint(sql, request, client);
  if (endpoint.disabled_at === null) return endpoint;
  throw new ApiError('conflict', `This webhook is disabled: ${endpoint.disabled_reason}. Enable it first.`);
}
