// A program that uses the client of openapi-fetch with the types of openapi-typescript, as a reader of the document would write it.
import createClient from 'openapi-fetch';
import type { components, paths } from '../generated/schema.ts';

type EmailRequest = components['schemas']['EmailRequest'];

export async function run(baseUrl: string, token: string) {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  // Nobody and nothing else has to be named: no cc, no bcc, no lane.
  const email: EmailRequest = { from: 'shop@example.com', to: 'a@example.com', subject: 'Hi', text: 'Hi' };

  const sent = await client.POST('/send', { body: email });
  if (sent.error !== undefined) throw new Error(sent.error.detail);
  const id: string = sent.data.id;

  const waited = await client.POST('/emails', {
    body: { ...email, cc: ['b@example.com'], bcc: { email: 'c@example.com', name: 'C' }, tags: ['x'] },
    params: { header: { Prefer: 'wait=20', 'Idempotency-Key': 'order-7' } },
  });
  if (waited.error !== undefined) throw new Error(waited.error.detail);
  const attempts = 'attempts' in waited.data ? waited.data.attempts : 0;

  const original = await client.POST('/send', {
    body: { name: 'Shop', email: 'shop@example.com', to_name: 'A', to_email: 'a@example.com', subject: 'Hi' },
    headers: { Accept: 'text/plain' },
    parseAs: 'text',
  });

  const batch = await client.POST('/send/batch', { body: [email, { ...email, subject: 'Other' }] });
  const refused = await client.POST('/send', { body: { ...email, to: 'nobody' } });
  const shown = await client.GET('/emails/{id}', { params: { path: { id } } });
  const list = await client.GET('/emails', { params: { query: { limit: 5, status: 'sent' } } });
  const key = await client.POST('/api-keys', { body: { name: 'shop' } });
  const hook = await client.POST('/webhooks', { body: { url: 'https://example.com/hook' } });
  const template = await client.PUT('/templates/{name}', {
    params: { path: { name: 'hello' } },
    body: { subject: 'Hi', text: 'Hi' },
  });
  return {
    id,
    attempts,
    bare: original.response.ok ? String(original.data) : '',
    batch: batch.data?.data.length,
    refused: refused.error?.name,
    subject: shown.data?.subject,
    hasMore: list.data?.has_more,
    key: key.data?.token,
    secret: hook.data?.secret,
    version: template.data?.version,
  };
}
