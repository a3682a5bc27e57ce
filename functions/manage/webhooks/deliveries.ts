// The handlers of an endpoint's deliveries: listed, tried again, an example sent.
import { v7 as uuidv7 } from 'uuid';
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import type { Sql } from '../../../lib/store/database.ts';
import {
  attemptsOf,
  insertExample,
  listDeliveries,
  mostAttempts,
  mostExamples,
  replayDelivery,
  replayFailed,
} from '../../../lib/store/webhooks/deliveries.ts';
import { type Endpoint, findEndpoint } from '../../../lib/store/webhooks/endpoints.ts';
import { isWebhookId } from '../../../lib/store/webhooks/webhook.ts';
import type { ManageDependencies } from '../dependencies.ts';
import type { ListDeliveriesQuery } from './delivery-query.ts';
import type { ReplayDeliveriesRequest } from './endpoint-request.ts';
import { unknownWebhook } from './endpoints.ts';
import { showDelivery } from './show.ts';

/** The event that an example shows. */
const exampleType = 'email.sent';

/** 200 `{object: "list", data, has_more, next_after}`, newest first. */
export async function listWebhookDeliveries(
  request: ClientRequest<v.InferOutput<typeof ListDeliveriesQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { limit, ...filter } = request.query;
  const { id } = await ownEndpoint(sql, request);
  // One row more than asked for: it shows whether there is another page.
  const deliveries = await listDeliveries(sql, id, filter, limit + 1);
  const body = pageOf(deliveries, request.query, showDelivery, (delivery) => delivery.id);
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}

/** 202 with the delivery, now due at once, even if it was at its end; 409 while it is being delivered, and after 100 attempts. */
export async function replayWebhookDelivery(request: ClientRequest, { sql }: ManageDependencies): Promise<Reply> {
  const { id } = await enabledEndpoint(sql, request);
  const { delivery_id = '' } = request.params;
  const delivery = isWebhookId(delivery_id) ? await replayDelivery(sql, id, delivery_id) : undefined;
  if (delivery !== undefined) return { status: 202, body: showDelivery(delivery) };
  const attempts = isWebhookId(delivery_id) ? await attemptsOf(sql, id, delivery_id) : undefined;
  if (attempts !== undefined && attempts >= mostAttempts)
    throw new ApiError(
      'conflict',
      `This delivery has had ${attempts} attempts; with ${mostAttempts}, none is repeated.`,
    );
  if (attempts !== undefined) throw new ApiError('conflict', 'This delivery is just being made.');
  throw new ApiError('not_found', `This webhook has no delivery with the id ${delivery_id}.`);
}

/** 202 `{object: "list", replayed, has_more}`: how many failed deliveries are due again, and whether more are left. */
export async function replayWebhookDeliveries(
  request: ClientRequest<undefined, v.InferOutput<typeof ReplayDeliveriesRequest>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { since, until, limit } = request.body;
  const { id } = await enabledEndpoint(sql, request);
  const replayed = await replayFailed(sql, id, since, until, limit);
  return { status: 202, body: { object: 'webhook_replay', replayed, has_more: replayed === limit } };
}

/** 202 `{object, id}`: an example is on its way, marked as such in its body. 429 where the endpoint got too many in this hour. */
export async function testWebhook(request: ClientRequest, { sql }: ManageDependencies): Promise<Reply> {
  const endpoint = await enabledEndpoint(sql, request);
  const id = uuidv7();
  const freeInS = await insertExample(sql, endpoint.id, id, exampleType);
  if (freeInS !== undefined) {
    const message = `A webhook gets ${mostExamples} examples in an hour. Try again in ${freeInS} s.`;
    throw new ApiError('rate_limit_exceeded', message, { headers: { 'retry-after': String(freeInS) } });
  }
  return { status: 202, body: { object: 'webhook_delivery', id, type: exampleType } };
}

type Named = Pick<ClientRequest, 'params' | 'client'>;

/** Another client's endpoint gets the same 404 as an id that does not exist. */
async function ownEndpoint(sql: Sql, { params: { id = '' }, client }: Named): Promise<Endpoint> {
  const endpoint = isWebhookId(id) ? await findEndpoint(sql, client.clientId, id) : undefined;
  if (endpoint === undefined) throw unknownWebhook(id);
  return endpoint;
}

async function enabledEndpoint(sql: Sql, request: Named): Promise<Endpoint> {
  const endpoint = await ownEndpoint(sql, request);
  if (endpoint.disabled_at === null) return endpoint;
  throw new ApiError('conflict', `This webhook is disabled: ${endpoint.disabled_reason}. Enable it first.`);
}
