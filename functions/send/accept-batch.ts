// The story of POST /send/batch: up to 100 emails become committed rows together, or none does.
import type { AccessToken } from '../../lib/access-token.ts';
import { parseJson, type Reply, type Request } from '../../lib/http.ts';
import { type AcceptDependencies, storeOnce } from './accept-email.ts';
import { parseBatchRequest, parseBatchValidation } from './batch-request.ts';
import { toNewEmail } from './new-email.ts';

/**
 * Answers 202 `{data: [{id}]}` in the order of the request, once all rows are committed in one transaction. A faulty email refuses
 * all of them; with `x-batch-validation: permissive` it is left out, and `errors` says so.
 *
 * `Idempotency-Key` is for the whole batch, as in POST /send.
 */
export async function acceptBatch(
  request: Request,
  client: AccessToken,
  dependencies: AcceptDependencies,
): Promise<Reply> {
  const validation = parseBatchValidation(request.headers['x-batch-validation']);
  const body = parseJson(request.body);
  const batch = parseBatchRequest(body, validation, new Date());
  const emails = batch.emails.map((email) => toNewEmail(email, request.headers.traceparent));

  const { ids, replayed } =
    emails.length === 0
      ? { ids: [], replayed: false }
      : await storeOnce({ request, body, client, emails }, dependencies);

  return {
    status: 202,
    headers: replayed ? { 'idempotency-replayed': 'true' } : {},
    body: { data: ids.map((id) => ({ id })), ...(validation === 'permissive' && { errors: batch.errors }) },
  };
}
