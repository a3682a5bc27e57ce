// The routes of suppressions.
import { clientRoute } from '../../../lib/auth/client-route.ts';
import { json } from '../../../lib/http/body-form.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { addBatch, addOrKeep, listPage, removeBatch, removeOne, showOne } from './handlers.ts';
import { AddBatchRequest, RemoveBatchRequest, SuppressionQuery, SuppressionRequest } from './suppression-request.ts';

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
  getSuppression: route({ method: 'GET', path: '/suppressions/{recipient}', scope: 'basic', handle: showOne }),
  addSuppressionBatch: route({
    method: 'POST',
    path: '/suppressions/batch/add',
    scope: 'email',
    body: json(AddBatchRequest),
    handle: addBatch,
  }),
  removeSuppressionBatch: route({
    method: 'POST',
    path: '/suppressions/batch/remove',
    scope: 'email',
    body: json(RemoveBatchRequest),
    handle: removeBatch,
  }),
  removeSuppression: route({ method: 'DELETE', path: '/suppressions/{recipient}', scope: 'email', handle: removeOne }),
};
