// Requests as Resend's SDKs for Python, Go, PHP and Ruby send them, read in their sources, and what those need of an answer to read it.
import { request as requestHttp } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindGateway, startBehindGateway } from './behind-gateway.ts';
import type { Json } from './functions.ts';

let ground: BehindGateway;
beforeAll(async () => {
  ground = await startBehindGateway();
});
afterAll(() => ground?.stop());

interface Sdk {
  name: string;
  /** Beside the token. */
  headers: Record<string, string>;
  /** What it sends where a call has nothing to say: an empty object, or nothing; `always` also with GET and DELETE. */
  empty?: 'posted' | 'always';
}

/** resend-python 2 (requests), resend-go 3 (net/http), resend-php 1 (Guzzle, which sends no `Accept`), resend-ruby 1 (HTTParty). */
const sdks: Sdk[] = [
  { name: 'python', headers: { accept: 'application/json', 'user-agent': 'resend-python:2.19.0' }, empty: 'always' },
  { name: 'go', headers: { accept: 'application/json', 'user-agent': 'resend-go/3.12.0' } },
  { name: 'php', headers: { 'user-agent': 'resend-php/1.10.0' }, empty: 'posted' },
  { name: 'ruby', headers: { accept: 'application/json', 'user-agent': 'resend-ruby:1.4.0' } },
];

interface Answer {
  status: number;
  type: string;
  body: Json;
}

/** By node:http, as `fetch` would add headers of its own. */
function ask({ headers, empty }: Sdk, method: string, path: string, given?: unknown): Promise<Answer> {
  const isPosted = method === 'POST' || method === 'PATCH';
  const body = given ?? (empty === 'always' || (empty === 'posted' && isPosted) ? {} : undefined);
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = requestHttp(ground.baseUrl + path, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${ground.api.token}`,
        ...(bytes && { 'content-type': 'application/json', 'content-length': bytes.length }),
      },
    });
    request.on('response', async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      const type = response.headers['content-type'] ?? '';
      resolve({ status: response.statusCode ?? 0, type, body: JSON.parse(text) });
    });
    request.on('error', reject);
    request.end(bytes);
  });
}

const email = { from: 'Shop <shop@example.com>', to: ['a@example.com'], subject: 'Hi', text: 'Hi' };
const unknown = '01890000-0000-7000-8000-000000000000';

describe.each(sdks)('$name', (sdk) => {
  const call = (method: string, path: string, body?: unknown) => ask(sdk, method, path, body);
  /** None of them reads an answer of another type, or one without a body. */
  const ok = async (method: string, path: string, body?: unknown) => {
    const answer = await call(method, path, body);
    expect({ ...answer, status: Math.floor(answer.status / 100) }).toMatchObject({
      status: 2,
      type: 'application/json',
    });
    return answer.body;
  };

  it('reads every error, with its name, message and status', async () => {
    const wrong: [number, string, ...Parameters<typeof call>][] = [
      [422, 'validation_error', 'POST', '/emails', { ...email, to: ['nope'] }],
      [422, 'missing_required_field', 'POST', '/emails', { from: email.from }],
      [422, 'validation_error', 'POST', '/emails/batch', [email, { ...email, to: 'nope' }]],
      [404, 'not_found', 'GET', `/emails/${unknown}`],
      [404, 'not_found', 'DELETE', `/webhooks/${unknown}`],
      [404, 'not_found', 'GET', '/contacts'],
      [405, 'method_not_allowed', 'DELETE', '/suppressions'],
    ];
    for (const [status, name, ...request] of wrong) {
      const answer = await call(...request);
      expect(answer).toMatchObject({ status, type: 'application/json', body: { name, statusCode: status } });
      expect(answer.body.message).toEqual(expect.any(String));
    }
    const stranger = { ...sdk, headers: { ...sdk.headers } };
    const { type, body } = await ask(stranger, 'GET', '/emails?limit=0');
    expect({ type, name: body.name }).toEqual({ type: 'application/json', name: 'invalid_parameter' });
  });

  it('sends, moves and calls back an email', async () => {
    const content = [...Buffer.from('hello')];
    const attachments = [{ filename: 'a.txt', content, content_id: 'a', inline_content_id: 'a' }];
    const { id } = await ok('POST', '/emails', { ...email, attachments, cc: null, scheduled_at: 'in 1 hour' });
    expect((await ok('GET', `/emails/${id}`)).attachments).toMatchObject([{ size: 5, content_id: 'a' }]);
    expect(await ok('PATCH', `/emails/${id}`, { id, scheduled_at: 'in 2 hours' })).toMatchObject({
      object: 'email',
      id,
    });
    expect(await ok('PATCH', `/emails/${id}`, { email_id: id, scheduled_at: 'in 2 hours' })).toMatchObject({ id });
    expect(await ok('POST', `/emails/${id}/cancel`)).toMatchObject({ object: 'email', id });
    const other = await call('PATCH', `/emails/${id}`, { id: unknown, scheduled_at: 'in 2 hours' });
    expect(other.body.message).toBe('id is not the one in the path.');
  });

  it('makes, changes and deletes webhooks, templates and suppressions', async () => {
    const endpoint = 'https://example.com/hook';
    const webhook = await ok('POST', '/webhooks', { endpoint, events: ['email.sent', 'email.complained'] });
    const change = { webhook_id: webhook.id, status: 'disabled' };
    expect(await ok('PATCH', `/webhooks/${webhook.id}`, change)).toMatchObject({ id: webhook.id, status: 'disabled' });
    expect(await ok('DELETE', `/webhooks/${webhook.id}`)).toMatchObject({ id: webhook.id, deleted: true });

    const template = await ok('POST', '/templates', {
      name: `For ${sdk.name}`,
      html: '{{{A}}}',
      variables: [{ key: 'A', type: 'string' }],
    });
    await ok('PATCH', `/templates/${template.id}`, { template_id: template.id, subject: 'Hi', from: null });
    expect(await ok('POST', `/templates/${template.id}/publish`)).toMatchObject({ id: template.id });
    const copy = await ok('POST', `/templates/${template.id}/duplicate`);
    for (const { id } of [template, copy])
      expect(await ok('DELETE', `/templates/${id}`)).toMatchObject({ deleted: true });

    const { id } = await ok('POST', '/suppressions', { email: `${sdk.name}@gone.test` });
    expect((await ok('GET', '/suppressions?origin=manual&limit=10')).data).toMatchObject([{ id, origin: 'manual' }]);
    expect(await ok('DELETE', `/suppressions/${encodeURIComponent(`${sdk.name}@gone.test`)}`)).toMatchObject({ id });
  });
});

describe('others', () => {
  it('that say nothing of what they take get problem details', async () => {
    const { type } = await ask({ name: 'other', headers: { 'user-agent': 'curl/8' } }, 'GET', '/emails/x');
    expect(type).toBe('application/problem+json');
  });

  it('get the gateway’s own errors the same way', async () => {
    const plain = { name: 'other', headers: { accept: 'application/json, */*;q=0.5' } };
    for (const sdk of [plain, { name: 'other', headers: { accept: '*/*' } }]) {
      const { status, type, body } = await ask(sdk, 'GET', '/metrics');
      const expected = sdk === plain ? 'application/json' : 'application/problem+json';
      expect({ status, type, name: body.name }).toEqual({ status: 404, type: expected, name: 'not_found' });
    }
  });

  it('get the bare line only where it ranks before JSON', async () => {
    const typeFor = async (accept: string) =>
      (await ground.api.send(email, { accept })).headers.get('content-type')?.split(';', 1)[0];
    for (const accept of [
      'application/json, text/plain, */*',
      'text/plain, application/json',
      'text/plain, */*',
      'text/plain;q=0.5, application/json;q=0.6',
      'text/plain;q=0',
      'text/html',
      '*/*',
    ])
      expect([accept, await typeFor(accept)]).toEqual([accept, 'application/json']);
    for (const accept of ['text/plain', 'text/*', 'text/plain, */*;q=0.9', 'TEXT/PLAIN;Q=0.2, application/json;q=0.1'])
      expect([accept, await typeFor(accept)]).toEqual([accept, 'text/plain']);
  });
});
