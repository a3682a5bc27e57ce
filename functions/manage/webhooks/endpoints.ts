// The handlers of a client's endpoints: made, shown, changed, deleted, their secrets rotated.
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { parseJson } from '../../../lib/http/body.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import { checkBody, invalidBody } from '../../../lib/http/request-body.ts';
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
import type { Handler } from '../handler.ts';
import { ChangeWebhookRequest, CreateWebhookRequest, RotateSecretRequest } from './endpoint-request.ts';
import { showEndpoint } from './show.ts';

/** Endpoints of one client. */
const mostEndpoints = 20;
/** Within the 24 to 64 that the specification asks for. */
const secretBytes = 32;
const noStore = { 'cache-control': 'no-store' };

/** 201 with the endpoint and its secret, which is shown this once; 422 for a URL that may not be called, and beyond 20 endpoints. */
export const createWebhook =
  (allowed: AllowedRanges): Handler =>
  async ({ body }, { clientId }, { sql }) => {
    const { url, events, secret = newSecret() } = checkBody(CreateWebhookRequest, parseJson(body));
    checkUrl(url, allowed);
    const endpoint = await insertEndpoint(
      sql,
      { id: uuidv7(), client_id: clientId, url, events, secret },
      mostEndpoints,
    );
    if (endpoint === undefined) {
      throw new ApiError(
        'validation_error',
        `You have ${mostEndpoints} webhooks, which is the most. Delete one first.`,
      );
    }
    const headers = { ...noStore, location: `/webhooks/${endpoint.id}` };
    return { status: 201, headers, body: { ...showEndpoint(endpoint), secret } };
  };

export const listWebhooks: Handler = async (_request, { clientId }, { sql }) => {
  const endpoints = await listEndpoints(sql, clientId);
  return { status: 200, headers: noStore, body: { object: 'list', data: endpoints.map(showEndpoint) } };
};

export const showWebhook: Handler = async ({ params: { id = '' } }, { clientId }, { sql }) => {
  const endpoint = isWebhookId(id) ? await findEndpoint(sql, clientId, id) : undefined;
  if (endpoint === undefined) throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: showEndpoint(endpoint) };
};

/** 200 with the endpoint. `disabled: false` enables one that was disabled, for whatever reason. */
export const changeWebhook =
  (allowed: AllowedRanges): Handler =>
  async ({ params: { id = '' }, body }, { clientId }, { sql }) => {
    const change = checkBody(ChangeWebhookRequest, parseJson(body));
    if (change.url !== undefined) checkUrl(change.url, allowed);
    const endpoint = isWebhookId(id) ? await changeEndpoint(sql, clientId, id, change) : undefined;
    if (endpoint === undefined) throw unknownWebhook(id);
    return { status: 200, headers: noStore, body: showEndpoint(endpoint) };
  };

/** 204; its deliveries go with it. */
export const deleteWebhook: Handler = async ({ params: { id = '' } }, { clientId }, { sql }) => {
  if (!isWebhookId(id) || !(await deleteEndpoint(sql, clientId, id))) throw unknownWebhook(id);
  return { status: 204 };
};

/** 200 `{object, id, secret}` with the new secret, which is shown this once. */
export const rotateWebhookSecret: Handler = async ({ params: { id = '' }, body }, { clientId }, { sql }) => {
  const { secret = newSecret(), keep_seconds } = checkBody(RotateSecretRequest, parseJson(body));
  if (!isWebhookId(id) || !(await rotateSecret(sql, clientId, id, secret, keep_seconds))) throw unknownWebhook(id);
  return { status: 200, headers: noStore, body: { object: 'webhook', id, secret } };
};

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
