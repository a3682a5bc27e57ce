// The handler of GET /emails/{id}/source: the MIME message of an email, as it was or would be handed to a relay.
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { storedAttachments } from '../../lib/store/emails/attachments.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { findMessage } from '../../lib/store/emails/read.ts';
import { sizeOfEmail } from '../../lib/store/emails/size.ts';
import { type ReadDependencies, unknownEmail } from './read-emails.ts';

/** 200 with the message, without DKIM signatures and Bcc; 404 when the client has no such email, and when its contents are gone. */
export async function readSource(
  { params: { id = '' }, client, makeRoom }: ClientRequest,
  { sql }: ReadDependencies,
): Promise<Reply> {
  if (!isEmailId(id)) throw unknownEmail(id);
  const owner = { client_id: client.clientId };
  const { whole } = await sizeOfEmail(sql, owner, id);
  await makeRoom(whole);
  const email = await findMessage(sql, owner, id);
  if (email === undefined) throw unknownEmail(id);
  if (email.headers === null)
    throw new ApiError('not_found', 'This email has no message any more: its contents have been purged or erased.');
  // Loaded when first needed, so that the function starts faster.
  const { composeMessage, wholeMessage } = await import('../../lib/mail/message.ts');
  const composed = composeMessage(email, { read: storedAttachments(sql, id, email.attachments) });
  return {
    status: 200,
    headers: {
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${id}.eml"`,
      'cache-control': 'no-store',
    },
    body: await wholeMessage(composed),
  };
}
