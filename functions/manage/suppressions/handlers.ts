// The handlers of /suppressions: the recipients a client sends no more to. Consume adds those that bounced for good.

import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import { lockStored } from '../../../lib/store/clients/clients.ts';
import { inTransaction, type Sql } from '../../../lib/store/database.ts';
import {
  addSuppressions,
  countManual,
  findSuppression,
  listSuppressions,
  removeSuppressions,
  type Suppression,
} from '../../../lib/store/suppressions/suppressions.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import {
  type AddBatchRequest,
  addressInPath,
  exactlyOne,
  originOf,
  origins,
  type RemoveBatchRequest,
  recipientsOf,
  type SuppressionQuery,
  type SuppressionRequest,
} from './suppression-request.ts';

const noStore = { 'cache-control': 'no-store' };

/** 200 `{object: "list", data, has_more, next_after}`, in the order of the addresses. */
export async function listPage(
  { query, client }: ClientRequest<v.InferOutput<typeof SuppressionQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { limit, origin, ...filter } = query;
  const reason = origin && origins[origin];
  // One row more than asked for: it shows whether there is another page.
  const found = await listSuppressions(sql, client.clientId, { ...filter, reason }, limit + 1);
  const body = pageOf(found, query, show, ({ recipient }) => recipient);
  return { status: 200, headers: noStore, body };
}

/** 200 with the suppression; 404 when the client does not suppress this address. */
export async function showOne(
  { params: { recipient = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const address = addressInPath(recipient);
  const found = address === undefined ? undefined : await findSuppression(sql, client.clientId, address);
  if (found === undefined) throw unknownSuppression();
  return { status: 200, headers: noStore, body: show(found) };
}

/**
 * 200 `{object: "list", data}` with all that were named, or the suppression itself where it was asked for by `email`; those that were
 * suppressed already keep their reason. 422, and none is added, where the client would have more than it may have.
 */
export async function addOrKeep(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof SuppressionRequest>>,
  dependencies: ManageDependencies,
): Promise<Reply> {
  const data = (await add(recipientsOf(body), client.clientId, dependencies)).map(show);
  return { status: 200, body: body.email === undefined ? { object: 'list', data } : data[0] };
}

/** 200 `{object: "list", data}` with all that were named; 422 as above. */
export async function addBatch(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof AddBatchRequest>>,
  dependencies: ManageDependencies,
): Promise<Reply> {
  const data = (await add(exactlyOne(body, 'emails'), client.clientId, dependencies)).map(show);
  return { status: 200, body: { object: 'list', data } };
}

function add(
  recipients: string[],
  clientId: string,
  { sql, most: { suppressions: most } }: ManageDependencies,
): Promise<Suppression[]> {
  return inTransaction(sql, async (transaction) => {
    await lockStored(transaction, clientId);
    const before = await countManual(transaction, clientId);
    const named = await addSuppressions(transaction, clientId, recipients);
    // Naming what is there already is no error, whatever the bound has become.
    if ((await countManual(transaction, clientId)) <= Math.max(before, most)) return named;
    throw tooMany(`You have ${before} suppressions of your own; ${most} is the most`);
  });
}

/** 200 `{object: "list", data}` with those that were on the list. */
export async function removeBatch(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof RemoveBatchRequest>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const removed = await remove(exactlyOne(body, 'emails or ids'), client.clientId, sql);
  return { status: 200, body: { object: 'list', data: removed.map(showRemoved) } };
}

/** 200 `{object, id, recipient, email, deleted: true}`; 404 when the client does not suppress this address. */
export async function removeOne(
  { params: { recipient = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const address = addressInPath(recipient);
  const [removed] = address === undefined ? [] : await remove([address], client.clientId, sql);
  if (removed === undefined) throw unknownSuppression();
  return { status: 200, body: showRemoved(removed) };
}

function remove(named: string[], clientId: string, sql: Sql) {
  return inTransaction(sql, async (transaction) => {
    await lockStored(transaction, clientId);
    return removeSuppressions(transaction, clientId, named);
  });
}

function unknownSuppression(): ApiError {
  return new ApiError('not_found', 'This address is not on your suppression list.');
}

/** With what Resend calls the same. */
function show(suppression: Suppression) {
  const { recipient, reason, email_id } = suppression;
  const alike = { email: recipient, origin: originOf(reason), source_id: email_id };
  return { object: 'suppression', ...suppression, ...alike };
}

function showRemoved({ id, recipient }: Pick<Suppression, 'id' | 'recipient'>) {
  return { object: 'suppression', id, recipient, email: recipient, deleted: true };
}
