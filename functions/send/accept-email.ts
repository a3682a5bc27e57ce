// The story of POST /send: from a request body to a committed row, an id on the queue and the 202.
import { v7 as uuidv7 } from 'uuid';
import type { AccessToken } from '../../lib/access-token.ts';
import { databaseError } from '../../lib/db.ts';
import type { NewEmail } from '../../lib/emails/accept.ts';
import { parseJson, type Reply, type Request } from '../../lib/http.ts';
import type { Log } from '../../lib/log.ts';
import type { Lane } from '../../lib/queue.ts';
import { type EmailRequest, parseEmailRequest } from './email-request.ts';

export interface AcceptDependencies {
  /** Resolves when the row is committed. */
  storeEmail: (email: NewEmail) => Promise<void>;
  /** Resolves when the broker has confirmed the id. */
  publish: (lane: Lane, emailId: string) => Promise<void>;
  log: Log;
}

/**
 * Answers 202 `{id, status, message}` with `Location` once the row is committed: from then on the email cannot be lost, whatever
 * becomes of this process or the broker. `Accept: text/plain` gets the bare line of the original API.
 */
export async function acceptEmail(
  request: Request,
  client: AccessToken,
  { storeEmail, publish, log }: AcceptDependencies,
): Promise<Reply> {
  const email = toNewEmail(parseEmailRequest(parseJson(request.body)), client.clientId);

  await storeEmail(email).catch((error) => {
    throw databaseError(error);
  });

  // Nobody waits for the broker: if the id does not get there, relay finds the row when it is due.
  publish(email.lane, email.id).catch((error) => {
    log.warn('id not published; relay will', { email_id: email.id, reason: error.message });
  });
  log.info('accepted', { email_id: email.id, client_id: client.clientId, recipients: email.recipients.length });

  return acceptedReply(email.id, request.headers.accept);
}

function toNewEmail(request: EmailRequest, clientId: string): NewEmail {
  const { from, to, cc, bcc, reply_to, subject, text, html } = request;
  const id = uuidv7();
  return {
    id,
    client_id: clientId,
    lane: 'transactional',
    delivery: 'at_least_once',
    sender: from.email,
    recipients: [...new Set([...to, ...cc, ...bcc].map((mailbox) => mailbox.email))],
    subject,
    message_id: `<${id}@${from.email.slice(from.email.lastIndexOf('@') + 1)}>`,
    headers: { from, to, cc, bcc, reply_to },
    text_body: text ?? null,
    html_body: html ?? null,
  };
}

function acceptedReply(id: string, accept: string | undefined): Reply {
  const message = 'Start Queue Email';
  const location = `/emails/${id}`;
  if (wantsPlainText(accept)) {
    return { status: 202, headers: { location, 'content-type': 'text/plain; charset=utf-8' }, body: message };
  }
  return { status: 202, headers: { location }, body: { id, status: 'queued', message } };
}

function wantsPlainText(accept = ''): boolean {
  return accept.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === 'text/plain');
}
