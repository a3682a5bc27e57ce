// The handlers of /suppressions: to whom a client sends no more. What bounced for good is added by consume.

import { parseJson } from '../../../lib/http/body.ts';
import { databaseError } from '../../../lib/http/database-error.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import {
  addSuppressions,
  listSuppressions,
  removeSuppression,
  type Suppression,
} from '../../../lib/store/suppressions/suppressions.ts';
import type { Handler } from '../handler.ts';
import { addressInPath, parseSuppressionQuery, parseSuppressionRequest } from './suppression-request.ts';

/** 200 `{object: "list", data, has_more, next_after}`, in the order of the addresses. */
export const listHandler: Handler = async ({ query }, { clientId }, { sql }) => {
  const { limit, ...filter } = parseSuppressionQuery(query);
  // One more than asked for tells whether there is another page.
  const found = await listSuppressions(sql, clientId, filter, limit + 1).catch(rethrow);
  const page = found.slice(0, limit);
  const hasMore = found.length > limit;
  const body = {
    object: 'list',
    data: page.map(show),
    has_more: hasMore,
    next_after: hasMore ? page.at(-1)?.recipient : null,
  };
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
};

/** 200 `{object: "list", data}` with all that were named; those that were suppressed already keep their reason. */
export const addHandler: Handler = async ({ body }, { clientId }, { sql }) => {
  const recipients = parseSuppressionRequest(parseJson(body));
  const data = (await addSuppressions(sql, clientId, recipients).catch(rethrow)).map(show);
  return { status: 200, body: { object: 'list', data } };
};

/** 200 `{object, recipient, deleted: true}`; 404 when the client does not suppress this address. */
export const removeHandler: Handler = async ({ params: { recipient = '' } }, { clientId }, { sql }) => {
  const address = addressInPath(recipient);
  const isRemoved = address !== undefined && (await removeSuppression(sql, clientId, address).catch(rethrow));
  if (!isRemoved) throw new ApiError('not_found', 'This address is not on your suppression list.');
  return { status: 200, body: { object: 'suppression', recipient: address.toLowerCase(), deleted: true } };
};

function show(suppression: Suppression) {
  return { object: 'suppression', ...suppression };
}

function rethrow(error: unknown): never {
  throw databaseError(error);
}
