// The routes of API keys.
import { clientRoute } from '../../../lib/auth/client-route.ts';
import { json } from '../../../lib/http/body-form.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { createKey, deleteKey, listKeys, renameKey } from './handlers.ts';
import { CreateKeyRequest, KeysQuery, RenameKeyRequest } from './key-request.ts';

const route = clientRoute<ManageDependencies>();
const all = '/api-keys';
const one = '/api-keys/{id}';

export const apiKeyRoutes = {
  createApiKey: route({ method: 'POST', path: all, scope: 'email', body: json(CreateKeyRequest), handle: createKey }),
  listApiKeys: route({ method: 'GET', path: all, scope: 'basic', query: KeysQuery, handle: listKeys }),
  renameApiKey: route({ method: 'PATCH', path: one, scope: 'email', body: json(RenameKeyRequest), handle: renameKey }),
  deleteApiKey: route({ method: 'DELETE', path: one, scope: 'email', handle: deleteKey }),
};
