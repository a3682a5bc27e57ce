// The handler of POST /recipients/erase: deletes the address of somebody who wants to be forgotten, keeps the proof of what was done.
import type * as v from 'valibot';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { Address } from '../../lib/mail/address.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';
import { eraseRecipient } from '../../lib/store/emails/erase.ts';

export interface EraseDependencies {
  sql: Sql;
  log: Log;
}

export const EraseRequest = strictObject({ recipient: Address });

/**
 * 200 `{object, erased, canceled, on_the_way, message}`. Of the client's emails to `recipient`, those at their end keep no
 * address and nothing of what they said, those that wait are called back first, and those being sent are counted as `on_the_way`:
 * the call is to be repeated for them.
 */
export async function eraseOne(
  { body: { recipient }, client, requestId }: ClientRequest<undefined, v.InferOutput<typeof EraseRequest>>,
  { sql, log }: EraseDependencies,
): Promise<Reply> {
  const erasure = await eraseRecipient(sql, { client_id: client.clientId }, recipient);
  log.info('recipient erased', { client_id: client.clientId, request_id: requestId, ...erasure });
  const message =
    erasure.on_the_way === 0
      ? 'The recipient is erased.'
      : 'Some emails to the recipient are on the way at this moment. Repeat this call in a while.';
  return { status: 200, body: { object: 'erasure', ...erasure, message } };
}
