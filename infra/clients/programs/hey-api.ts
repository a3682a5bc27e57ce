// A program that uses the client that @hey-api/openapi-ts makes of the document, as its reader would write it.
import { createClient } from '../generated/hey-api/client';
import {
  createApiKey,
  createTemplate,
  createWebhook,
  getEmail,
  listEmails,
  sendBatch,
  sendEmail,
} from '../generated/hey-api/sdk.gen';
import type { EmailRequest } from '../generated/hey-api/types.gen';

export async function run(baseUrl: string, token: string) {
  const client = createClient({ baseUrl, auth: () => token });
  // Nobody and nothing else has to be named: no cc, no bcc, no lane.
  const email: EmailRequest = { from: 'shop@example.com', to: 'a@example.com', subject: 'Hi', text: 'Hi' };

  const sent = await sendEmail({ client, body: email, throwOnError: true });
  const id: string = sent.data.id;

  const waited = await sendEmail({
    client,
    body: { ...email, cc: ['b@example.com'], bcc: { email: 'c@example.com', name: 'C' }, tags: ['x'] },
    headers: { Prefer: 'wait=20', 'Idempotency-Key': 'order-8' },
    throwOnError: true,
  });
  const attempts = 'attempts' in waited.data ? waited.data.attempts : 0;

  const original = await sendEmail({
    client,
    body: { name: 'Shop', email: 'shop@example.com', to_name: 'A', to_email: 'a@example.com', subject: 'Hi' },
    headers: { Accept: 'text/plain' } as Record<string, string>,
    parseAs: 'text',
  });

  const batch = await sendBatch({ client, body: [email, { ...email, subject: 'Other' }] });
  const refused = await sendEmail({ client, body: { ...email, to: 'nobody' } });
  const shown = await getEmail({ client, path: { id } });
  const list = await listEmails({ client, query: { limit: 5, status: 'sent' } });
  const key = await createApiKey({ client, body: { name: 'shop' } });
  const hook = await createWebhook({ client, body: { url: 'https://example.com/hook' } });
  const template = await createTemplate({ client, body: { name: 'hi', subject: 'Hi', text: 'Hi' } });
  return {
    id,
    attempts,
    bare: String(original.data),
    batch: batch.data?.data.length,
    refused: refused.error && 'name' in refused.error ? refused.error.name : undefined,
    subject: shown.data?.subject,
    hasMore: list.data?.has_more,
    key: key.data?.token,
    secret: hook.data?.secret,
    template: template.data?.id,
  };
}
