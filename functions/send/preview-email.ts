// The handler of POST /emails/preview: what POST /send would make of a request, with nothing stored and nothing sent.
import { buffer } from 'node:stream/consumers';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { continueTrace } from '../../lib/process/trace.ts';
import type { Sql } from '../../lib/store/database.ts';
import { preflight } from '../../lib/store/emails/preflight.ts';
import { parseEmailRequest } from './email-request.ts';
import { toNewEmail } from './new-email.ts';
import { type WriteEmails, writeOne } from './render-emails.ts';

export interface PreviewDependencies {
  writeEmails: WriteEmails;
  sql: Sql;
}

/** Characters of the message that are shown: all of an email without large attachments. */
const maxShown = 1_000_000;

/**
 * Takes what POST /send takes, and refuses what it refuses but for the sender and the client's limits: those are findings. 200 with
 * the MIME message (cut off after 1 MB: `message_truncated`), its parts as rendered, the envelope, the route and the findings. Date
 * and Message-ID are of the preview.
 */
export async function previewEmail(
  { body, client: { clientId } }: ClientRequest<undefined, unknown>,
  { writeEmails, sql }: PreviewDependencies,
): Promise<Reply> {
  const accepted_at = new Date();
  const requested = parseEmailRequest(body, accepted_at);
  const written = await writeOne(writeEmails, clientId, requested);
  const email = toNewEmail(written, continueTrace(undefined));
  const { sender, recipients } = email;
  const findings = await preflight(sql, { client_id: clientId, from: sender, recipients });
  // Loaded when first needed, so that the function starts faster.
  const { composeMessage, textOfMessage } = await import('../../lib/mail/message.ts');
  const composed = composeMessage({ ...email, accepted_at });
  const bytes = Buffer.isBuffer(composed) ? composed : await buffer(composed);
  // The message as it goes on the wire.
  const message = bytes.toString().replaceAll(/\r?\n/g, '\r\n');

  const suppressed = new Set(findings.suppressed.map(({ recipient }) => recipient));
  const to = recipients.filter((recipient) => !suppressed.has(recipient));
  const { lane, delivery, scheduled_at, expires_at } = email;
  const status = to.length === 0 ? 'suppressed' : scheduled_at === null ? 'queued' : 'scheduled';
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      object: 'preview',
      subject: email.subject,
      text: textOfMessage(email) ?? null,
      html: email.html_body,
      template: email.template,
      envelope: { from: sender, to },
      route: { status, lane, delivery, scheduled_at, expires_at },
      findings,
      message: message.slice(0, maxShown),
      message_truncated: message.length > maxShown,
    },
  };
}
