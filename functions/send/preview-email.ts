// The handler of POST /emails/preview: what POST /send would make of a request, with nothing stored and nothing sent.
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { type Work, WorkTooLong } from '../../lib/http/work.ts';
import { continueTrace } from '../../lib/process/trace.ts';
import type { Sql } from '../../lib/store/database.ts';
import { preflight } from '../../lib/store/emails/preflight.ts';
import { toNewEmail } from './new-email.ts';
import type { ComposedPreview, PreviewParts } from './preview-task.ts';
import { readEmail } from './read-request.ts';
import { type WriteEmails, writeOne } from './render-emails.ts';

export interface PreviewDependencies {
  writeEmails: WriteEmails;
  work: Work;
  sql: Sql;
}

/**
 * Takes what POST /send takes, and refuses what it refuses but for the sender and the client's limits: those are findings. 200 with
 * the MIME message (cut off after 1 MB: `message_truncated`), its parts as rendered, the envelope, the route and the findings. Date
 * and Message-ID are of the preview.
 */
export async function previewEmail(
  request: ClientRequest<undefined, Buffer>,
  { writeEmails, work, sql }: PreviewDependencies,
): Promise<Reply> {
  const { clientId, allowedSenders } = request.client;
  const accepted_at = new Date();
  const read = await readEmail(request, accepted_at, work);
  const written = await writeOne(writeEmails, clientId, read.requested());
  const email = toNewEmail(written, continueTrace(undefined));
  const { sender, recipients } = email;
  const findings = await preflight(sql, {
    client_id: clientId,
    allowed_senders: allowedSenders,
    from: sender,
    recipients,
  });
  const { headers, custom_headers, text_body, html_body, attachments, subject, message_id } = email;
  const parts: PreviewParts = {
    headers,
    custom_headers,
    text_body,
    html_body,
    attachments,
    subject,
    message_id,
    accepted_at,
  };
  const { textOfHtml, message, isTruncated } = await work<ComposedPreview>('composePreview', parts, {
    holder: clientId,
    transfer: attachments.map(({ wire }) => wire.buffer as ArrayBuffer),
  }).catch((error) => {
    if (!(error instanceof WorkTooLong)) throw error;
    throw new ApiError('content_too_large', 'This email takes too long to compose for a preview.');
  });

  const suppressed = new Set(findings.suppressed.map(({ recipient }) => recipient));
  const to = recipients.filter((recipient) => !suppressed.has(recipient));
  const { lane, delivery, scheduled_at, expires_at } = email;
  const status = to.length === 0 ? 'suppressed' : scheduled_at === null ? 'queued' : 'scheduled';
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      object: 'preview',
      subject,
      text: text_body ?? textOfHtml,
      html: html_body,
      template: email.template,
      envelope: { from: sender, to },
      route: { status, lane, delivery, scheduled_at, expires_at },
      findings,
      message,
      message_truncated: isTruncated,
    },
  };
}
