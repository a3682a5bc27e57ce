// The handlers of a client's endpoints: made, shown, changed, deleted, their secrets rotated.
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import { checkSameId, invalidBody } from '../../../lib/http/request-body.ts';
import { type AllowedRanges, faultOfUrl } from '../../../lib/http/webhook-target.ts';
import {
  changeEndpoint,
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  rotateSecret,
} from '../../../lib/store/webhooks/endpoints.ts';
import { isWebhookId } from '../../../lib/store/webhooks/webhook.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import {
  type ChangeWebhookRequest,
  type CreateWebhookRequest,
  type ListWebhooksQuery,
  RotateSecretRequest,
} from './endpoint-request.ts';
import { showEndpoint } from './show.ts';

/** Within the 24 to 64 that the specification asks for. */
const secretBytes = 32;
const noStore = { 'cache-control': 'no-store' };

/** 201 with the endpoint and its secret, which is shown this once; 422 for a URL that may not be called, and where the client has as many as it may have. */
export async function createWebhook(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof CreateWebhookRequest>>,
  { sql, allowedAddresses, most: { webhooks: most } }: ManageDependencies,
): Promise<Reply> {
  const { url, events, secret = newSecret() } = body;
  checkUrl(url, allowedAddresses);
  const endpoint = await insertEndpoint(sql, { id: uuidv7(), client_id: client.clientId, url, events, secret }, most);
  if (endpoint === undefined) throw tooMany(`You have ${most} webhooks, which is the most; delete one first`);
  const headers = { ...noStore, location: `/webhooks/${endpoint.id}` };
  return { status: 201, headers, body: { ...showEndpoint(endpoint), ...showSecret(secret) } };
}

/** 200 `{object: "list", data, has_more, next_after}`, the oldest first. */
export async function listWebhooks(
  { query, client }: ClientRequest<v.InferOutput<typeof ListWebhooksQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { after = '', before, limit } = query;
  const all = await listEndpoints(sql, client.clientId);
  const found =
    before === undefined ? all.filter(({ id }) => id > after) : all.filter(({ id }) => id < before).reverse();
  const body = pageOf(found.slice(0, limit + 1), query, showEndpoint, ({ id }) => id);
  return { status: 200, headers: noStore, body };
}

export async function showWebhook(
  { params: { id = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const endpoint = isWebhookId(id) ? await findEndpoint(sql, client.clientId, id) : undefined;
  if (endpoint === undefined) throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: showEndpoint(endpoint) };
}

/** 200 with the endpoint. `disabled: false` enables one that was disabled, for whatever reason. */
export async function changeWebhook(
  { params: { id = '' }, body, client }: ClientRequest<undefined, v.InferOutput<typeof ChangeWebhookRequest>>,
  { sql, allowedAddresses }: ManageDependencies,
): Promise<Reply> {
  const { named, change } = body;
  checkSameId(named, [id]);
  if (change.url !== undefined) checkUrl(change.url, allowedAddresses);
  const endpoint = isWebhookId(id) ? await changeEndpoint(sql, client.clientId, id, change) : undefined;
  if (endpoint === undefined) throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: showEndpoint(endpoint) };
}

/** 200 `{object, id, deleted: true}`; its deliveries go with it. */
export async function deleteWebhook(
  { params: { id = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  if (!isWebhookId(id) || !(await deleteEndpoint(sql, client.clientId, id))) throw unknownWebhook(id);
  return { status: 200, body: { object: 'webhook', id, deleted: true } };
}

/** 200 `{object, id, secret, signing_secret}` with the new secret, which is shown this once. */
export async function rotateWebhookSecret(
  { params: { id = '' }, body, client }: ClientRequest<undefined, v.InferOutput<typeof RotateSecretRequest>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { secret = newSecret(), keep_seconds } = body;
  if (!isWebhookId(id) || !(await rotateSecret(sql, client.clientId, id, secret, keep_seconds)))
    throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: { object: 'webhook', id, ...showSecret(secret) } };
}

/** The same as Resend has it: without a body. */
export function rotateSigningSecret(request: ClientRequest, dependencies: ManageDependencies): Promise<Reply> {
  return rotateWebhookSecret({ ...request, body: v.parse(RotateSecretRequest, {}) }, dependencies);
}

/** Also by Resend's name. */
function showSecret(secret: string) {
  return { secret, signing_secret: secret };
}

export function unknownWebhook(id: string): ApiError {
  return new ApiError('not_found', `You have no webhook with the id ${id}.`);
}

function checkUrl(url: string, allowed: AllowedRanges): void {
  const message = faultOfUrl(url, allowed);
  if (message !== undefined) throw invalidBody([{ path: 'url', message }]);
}

function newSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`;
}
