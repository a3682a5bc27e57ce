// The email and the names that ours and all baselines use, so that all do the same work.
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { NewEmail } from '../../lib/store/emails/acceptance.ts';

/** Both bodies of a short notice, some 900 bytes as MIME. */
export const email = {
  from: { email: 'shop@example.com', name: 'Shop' },
  to: [{ email: 'receiver@example.com', name: 'Receiver' }],
  subject: 'Your order 4711 is on its way',
  text: 'Hello,\n\nyour order 4711 left our house today and should be with you in two days.\n\nYour shop\n',
  html: '<p>Hello,</p>\n<p>your order 4711 left our house today and should be with you in <b>two days</b>.</p>\n<p>Your shop</p>\n',
};

/** The same for nodemailer. */
export const nodemailerEmail = {
  from: { address: email.from.email, name: email.from.name },
  to: email.to.map((mailbox) => ({ address: mailbox.email, name: mailbox.name })),
  subject: email.subject,
  text: email.text,
  html: email.html,
};

export const attachedName = 'invoice.bin';
/** What is attached where something is: bytes that do not become less by compression. */
export const attachedBytes = (size: number): Buffer => randomBytes(size);
/** As a request brings it. */
export const attached = (size: number) => ({
  filename: attachedName,
  content: attachedBytes(size).toString('base64'),
});

/** Bytes of the email as MIME, for programs that make up their own. */
export const mimeBytes = 900;

/** SMTP connections of every worker: ours, nodemailer's pool, the peer's. */
export const smtpConnections = 10;

export const client = { id: 'bench', secret: 'bench-secret-of-some-length' };
export const issuer = 'http://bench.example.test';

/** The email as the send function stores it. */
export function newEmail(): NewEmail {
  const id = uuidv7();
  const { from, to, subject, text, html } = email;
  return {
    id,
    lane: 'transactional',
    delivery: 'at_least_once',
    sender: from.email,
    recipients: to.map((mailbox) => mailbox.email),
    subject,
    message_id: `<${id}@example.com>`,
    scheduled_at: null,
    expires_at: null,
    traceparent: null,
    headers: { from, to, cc: [], bcc: [], reply_to: [] },
    text_body: text,
    html_body: html,
    tags: [],
    metadata: {},
    custom_headers: {},
    attachments: [],
  };
}
