// The handler of GET /emails/{id}/source: the MIME message of an email, as it was or would be handed to a relay.
import { buffer } from 'node:stream/consumers';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { findMessage } from '../../lib/store/emails/read.ts';
import { type ReadDependencies, unknownEmail } from './read-emails.ts';

/** 200 with the message, without DKIM signatures and Bcc; 404 when the client has no such email, and when its contents are gone. */
export async function readSource(
  { params: { id = '' }, client }: ClientRequest,
  { sql }: ReadDependencies,
): Promise<Reply> {
  const email = isEmailId(id) ? await findMessage(sql, { client_id: client.clientId }, id) : undefined;
  if (email === undefined) throw unknownEmail(id);
  if (email.headers === null)
    throw new ApiError('not_found', 'This email has no message any more: its contents have been purged or erased.');
  // Loaded when first needed, so that the function starts faster.
  const { composeMessage } = await import('../../lib/mail/message.ts');
  const composed = composeMessage(email);
  return {
    status: 200,
    headers: {
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${id}.eml"`,
      'cache-control': 'no-store',
    },
    body: asItTravels(Buffer.isBuffer(composed) ? composed : await buffer(composed)),
  };
}

/** With CRLF at the end of each line; every other byte stays. */
function asItTravels(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}
