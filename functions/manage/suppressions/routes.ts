// The routes of suppressions.
import { clientRoute } from '../../../lib/auth/client-route.ts';
import { json } from '../../../lib/http/body-form.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { addOrKeep, listPage, removeOne } from './handlers.ts';
import { SuppressionQuery, SuppressionRequest } from './suppression-request.ts';

const route = clientRoute<ManageDependencies>();

export const suppressionRoutes = {
  listSuppressions: route({
    method: 'GET',
    path: '/suppressions',
    scope: 'basic',
    query: SuppressionQuery,
    handle: listPage,
  }),
  addSuppressions: route({
    method: 'POST',
    path: '/suppressions',
    scope: 'email',
    body: json(SuppressionRequest),
    handle: addOrKeep,
  }),
  removeSuppression: route({ method: 'DELETE', path: '/suppressions/{recipient}', scope: 'email', handle: removeOne }),
};
