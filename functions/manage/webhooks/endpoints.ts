// The handlers of a client's endpoints: made, shown, changed, deleted, their secrets rotated.
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { invalidBody } from '../../../lib/http/request-body.ts';
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
import type { ChangeWebhookRequest, CreateWebhookRequest, RotateSecretRequest } from './endpoint-request.ts';
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
  return { status: 201, headers, body: { ...showEndpoint(endpoint), secret } };
}

export async function listWebhooks({ client }: ClientRequest, { sql }: ManageDependencies): Promise<Reply> {
  const endpoints = await listEndpoints(sql, client.clientId);
  return { status: 200, headers: noStore, body: { object: 'list', data: endpoints.map(showEndpoint) } };
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
  if (body.url !== undefined) checkUrl(body.url, allowedAddresses);
  const endpoint = isWebhookId(id) ? await changeEndpoint(sql, client.clientId, id, body) : undefined;
  if (endpoint === undefined) throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: showEndpoint(endpoint) };
}

/** 204; its deliveries go with it. */
export async function deleteWebhook(
  { params: { id = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  if (!isWebhookId(id) || !(await deleteEndpoint(sql, client.clientId, id))) throw unknownWebhook(id);
  return { status: 204 };
}

/** 200 `{object, id, secret}` with the new secret, which is shown this once. */
export async function rotateWebhookSecret(
  { params: { id = '' }, body, client }: ClientRequest<undefined, v.InferOutput<typeof RotateSecretRequest>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { secret = newSecret(), keep_seconds } = body;
  if (!isWebhookId(id) || !(await rotateSecret(sql, client.clientId, id, secret, keep_seconds)))
    throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: { object: 'webhook', id, secret } };
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
