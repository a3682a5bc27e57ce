// The handler of POST /send/batch: up to 100 emails become committed rows together, or none does.

import type { LimitFunction } from 'p-limit';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { continueTrace } from '../../lib/process/trace.ts';
import { type AcceptDependencies, earlierOr, storeOnce } from './accept-email.ts';
import { type BatchRequest, type BatchValidation, parseBatchValidation, writeBatch } from './batch-request.ts';
import type { RequestedEmail } from './email-request.ts';
import { toNewEmail } from './new-email.ts';
import { readBatch } from './read-request.ts';

export interface BatchDependencies extends AcceptDependencies {
  /** Limits how many batches are parsed at once; the others wait as raw bytes. */
  batchTurns: LimitFunction;
}

/**
 * Answers 202 `{data: [{id}]}` in the order of the request, once all rows are committed in one transaction. A faulty email refuses
 * all of them, as one does whose sender the client may not use (403); with `x-batch-validation: permissive` they are left out, and
 * `errors` says so. Of the client's limits the batch takes what it stores, or is refused whole (429).
 *
 * `Idempotency-Key` is for the whole batch, as in POST /send.
 */
export function acceptBatch(
  request: ClientRequest<undefined, Buffer>,
  dependencies: BatchDependencies,
): Promise<Reply> {
  return dependencies.batchTurns(() => accept(request, dependencies));
}

async function accept(request: ClientRequest<undefined, Buffer>, dependencies: AcceptDependencies): Promise<Reply> {
  const { headers, client, requestId } = request;
  const validation = parseBatchValidation(headers['x-batch-validation']);
  const read = await readBatch(request, new Date(), dependencies.work);
  const coming = { headers, client, requestId, fingerprint: read.fingerprint };
  const write = (requests: RequestedEmail[]) => dependencies.writeEmails(client.clientId, requests);
  const written = async () => writeBatch(read.requested(), validation, write);
  const batch = await written().catch((refusal) => earlierOr(refusal, coming, dependencies));
  if ('ids' in batch) return batchReply(batch.ids, batch.headers, validation, []);
  const traceparent = continueTrace(headers.traceparent);
  const emails = batch.emails.map((email) => toNewEmail(email, traceparent));

  if (emails.length === 0) return batchReply([], {}, validation, batch.errors);
  const { ids, leftOut, headers: told } = await storeOnce(coming, { emails, validation }, dependencies);
  const errors = [...batch.errors, ...toOriginalIndexes(leftOut, batch)].sort((one, other) => one.index - other.index);
  return batchReply(ids, told, validation, errors);
}

function batchReply(
  ids: string[],
  headers: Record<string, string>,
  validation: BatchValidation,
  errors: BatchRequest['errors'],
): Reply {
  const body = { data: ids.map((id) => ({ id })), ...(validation === 'permissive' && { errors }) };
  return { status: 202, headers, body };
}

/** Maps indexes among the good emails to indexes among all. */
function toOriginalIndexes(leftOut: BatchRequest['errors'], { emails, errors }: BatchRequest): BatchRequest['errors'] {
  const faulty = new Set(errors.map(({ index }) => index));
  const good = Array.from({ length: emails.length + errors.length }, (_, index) => index).filter(
    (index) => !faulty.has(index),
  );
  return leftOut.map(({ index, message }) => ({ index: good[index] ?? index, message }));
}
