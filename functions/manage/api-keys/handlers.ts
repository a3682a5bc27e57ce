// The handlers of /api-keys, in the shape that Resend's SDKs speak, with fields of ours beside theirs.
import { v7 as uuidv7 } from 'uuid';
import type * as v from 'valibot';
import { makeApiKey } from '../../../lib/auth/api-key.ts';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import {
  type ApiKey,
  deleteApiKey,
  insertApiKey,
  listApiKeys,
  mostKeys,
  renameApiKey,
} from '../../../lib/store/api-keys/api-keys.ts';
import { readAllowedSenders } from '../../../lib/store/clients/clients.ts';
import { isEmailId as isKeyId } from '../../../lib/store/emails/email.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import type { CreateKeyRequest, KeysQuery, RenameKeyRequest } from './key-request.ts';
import { rightsOf } from './rights.ts';

const noStore = { 'cache-control': 'no-store' };

/** 201 with the key as `token`, which is shown this once; see `rightsOf` for what is refused. 422 beyond 100 keys. */
export async function createKey(
  { body, client, requestId }: ClientRequest<undefined, v.InferOutput<typeof CreateKeyRequest>>,
  { sql, keyPrefix, log }: ManageDependencies,
): Promise<Reply> {
  const { clientId: client_id, key: maker } = client;
  const rights = rightsOf(body, client, await readAllowedSenders(sql, client_id), new Date());
  const { key, start, hash } = makeApiKey(keyPrefix);
  const { name } = body;
  const made_with = maker?.id ?? null;
  const stored = await insertApiKey(sql, { id: uuidv7(), client_id, name, start, hash, made_with, ...rights });
  switch (stored) {
    case 'full':
      throw tooMany(`You have ${mostKeys} API keys, which is the most: delete one first`);
    case 'no client':
      throw new ApiError('not_found', 'There is no such client any more.');
  }
  log.info('API key made', { client_id, key_id: stored.id, made_with, request_id: requestId });
  return { status: 201, headers: noStore, body: { ...show(stored), token: key } };
}

/** 200 `{object: "list", data, has_more, next_after}`, the newest first. */
export async function listKeys(
  { query, client }: ClientRequest<v.InferOutput<typeof KeysQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  // One row more than asked for: it shows whether there is another page.
  const found = await listApiKeys(sql, client.clientId, { ...query, limit: query.limit + 1 });
  return { status: 200, headers: noStore, body: pageOf(found, query, show, ({ id }) => id) };
}

/** 200 `{object, id}`. */
export async function renameKey(
  { params: { id = '' }, body, client }: ClientRequest<undefined, v.InferOutput<typeof RenameKeyRequest>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  if (!isKeyId(id) || !(await renameApiKey(sql, client.clientId, id, body.name))) throw unknownKey(id);
  return { status: 200, body: { object: 'api_key', id } };
}

/** 200 `{object, id, deleted: true}`; the key is refused from then on. */
export async function deleteKey(
  { params: { id = '' }, client, requestId }: ClientRequest,
  { sql, log }: ManageDependencies,
): Promise<Reply> {
  if (!isKeyId(id) || !(await deleteApiKey(sql, client.clientId, id))) throw unknownKey(id);
  log.info('API key revoked', {
    client_id: client.clientId,
    key_id: id,
    revoked_with: client.key?.id ?? null,
    request_id: requestId,
  });
  return { status: 200, body: { object: 'api_key', id, deleted: true } };
}

function unknownKey(id: string): ApiError {
  return new ApiError('not_found', `You have no API key with the id ${id}.`);
}

function show({ client_id: _, ...key }: ApiKey) {
  return { object: 'api_key', ...key };
}
