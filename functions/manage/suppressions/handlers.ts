// The handlers of /suppressions: the recipients a client sends no more to. Consume adds those that bounced for good.

import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import { lockStored } from '../../../lib/store/clients/clients.ts';
import { inTransaction } from '../../../lib/store/database.ts';
import {
  addSuppressions,
  countManual,
  listSuppressions,
  removeSuppression,
  type Suppression,
} from '../../../lib/store/suppressions/suppressions.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import { addressInPath, recipientsOf, type SuppressionQuery, type SuppressionRequest } from './suppression-request.ts';

/** 200 `{object: "list", data, has_more, next_after}`, in the order of the addresses. */
export async function listPage(
  { query, client }: ClientRequest<v.InferOutput<typeof SuppressionQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const { limit, ...filter } = query;
  // One row more than asked for: it shows whether there is another page.
  const found = await listSuppressions(sql, client.clientId, filter, limit + 1);
  const body = pageOf(found, limit, show, ({ recipient }) => recipient);
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}

/**
 * 200 `{object: "list", data}` with all that were named; those that were suppressed already keep their reason. 422, and none is added,
 * where the client would have more than it may have.
 */
export async function addOrKeep(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof SuppressionRequest>>,
  { sql, most: { suppressions: most } }: ManageDependencies,
): Promise<Reply> {
  const recipients = recipientsOf(body);
  const all = await inTransaction(sql, async (transaction) => {
    await lockStored(transaction, client.clientId);
    const before = await countManual(transaction, client.clientId);
    const named = await addSuppressions(transaction, client.clientId, recipients);
    // Naming what is there already is no error, whatever the bound has become.
    if ((await countManual(transaction, client.clientId)) <= Math.max(before, most)) return named;
    throw tooMany(`You have ${before} suppressions of your own; ${most} is the most`);
  });
  return { status: 200, body: { object: 'list', data: all.map(show) } };
}

/** 200 `{object, recipient, deleted: true}`; 404 when the client does not suppress this address. */
export async function removeOne(
  { params: { recipient = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const address = addressInPath(recipient);
  const isRemoved =
    address !== undefined &&
    (await inTransaction(sql, async (transaction) => {
      await lockStored(transaction, client.clientId);
      return removeSuppression(transaction, client.clientId, address);
    }));
  if (!isRemoved) throw new ApiError('not_found', 'This address is not on your suppression list.');
  return { status: 200, body: { object: 'suppression', recipient: address.toLowerCase(), deleted: true } };
}

function show(suppression: Suppression) {
  return { object: 'suppression', ...suppression };
}
