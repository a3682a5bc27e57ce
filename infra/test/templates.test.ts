// Templates over the whole API: kept in versions, sent by name, id and version, previewed; and texts made of HTML.
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, admin, exampleClient, getToken, type Json, json } from './functions.ts';
import type { TestSmtpServer } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let smtp: TestSmtpServer;
let api: Api;
/** Of another client. */
let otherToken: string;

beforeAll(async () => {
  ground = await startWholeApi({ also: ['manage'] });
  ({ smtp, api } = ground);
  const other = { client_id: 'other', client_secret: 'def456', scope: 'basic email' };
  admin(
    ground.database.url,
    'client',
    'ensure',
    '--demo',
    'other',
    '--secret',
    other.client_secret,
    '--scope',
    other.scope,
  );
  otherToken = await getToken(api.functions.token.url, other);
});
afterAll(async () => {
  await ground?.stop();
});

/** A request to manage: its status, headers and parsed answer. */
async function manage(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(api.functions.manage.url + path, {
    method,
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer: Json = response.status === 204 ? undefined : await json(response);
  return { status: response.status, headers: response.headers, answer };
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(api.functions.send.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: await json(response) };
}

/** Sends, waits for the end, and returns what arrived with the email as its history shows it. */
async function deliver(body: object) {
  const { status, answer } = await post('/send', body, { prefer: 'wait=30' });
  expect({ status, ...answer }).toMatchObject({ status: 'sent' });
  const email = await api.read(`/emails/${answer.id}`);
  const raw = smtp.received.find((message) => message.raw.includes(email.message_id))?.raw ?? '';
  return { email, raw, parsed: await simpleParser(raw) };
}

const faultsOf = ({ status, answer }: { status: number; answer: Json }) => ({
  status,
  faults: answer.errors?.map(({ path, message }: Json) => `${path}: ${message}`),
});

const to = { from: 'a@example.com', to: 'b@example.com' };
const welcome = {
  subject: 'Welcome, {{ first_name }}',
  text: 'Hello {{ first_name }},{% if coupon %} {{ coupon }}{% endif %}',
  html: '<p>Hello {{ first_name }}</p>',
};

describe('templates', () => {
  it('are made, read, followed by versions, listed and deleted', async () => {
    const made = await manage('POST', '/templates', { name: 'welcome', ...welcome });
    expect(made).toMatchObject({
      status: 201,
      answer: {
        object: 'template',
        name: 'welcome',
        version: 1,
        latest_version: 1,
        ...welcome,
        variables: { required: ['first_name'], optional: ['coupon'] },
      },
    });
    expect([made.headers.get('location'), made.headers.get('etag')]).toEqual(['/templates/welcome', '"1"']);
    expect((await manage('POST', '/templates', { name: 'welcome', ...welcome })).answer.name).toBe('already_exists');

    const second = { ...welcome, subject: 'Hi, {{ first_name }}' };
    expect((await manage('PUT', '/templates/welcome', second, { 'if-match': '"1"' })).answer.version).toBe(2);
    expect((await manage('PUT', '/templates/welcome', welcome, { 'if-match': '"1"' })).status).toBe(412);
    // Said again, it is no new version.
    expect(await manage('PUT', `/templates/${made.answer.id}`, second)).toMatchObject({
      status: 200,
      answer: { version: 2 },
    });

    expect((await manage('GET', '/templates/welcome')).answer).toMatchObject({ version: 2, ...second });
    expect((await manage('GET', '/templates/welcome?version=1')).answer).toMatchObject({
      version: 1,
      latest_version: 2,
      ...welcome,
    });
    expect((await manage('GET', '/templates/welcome?version=3')).answer.detail).toContain('the newest is 2');
    expect((await manage('GET', '/templates/welcome?version=x')).status).toBe(400);

    expect((await manage('PUT', '/templates/news', { subject: 'News', text: 'n' })).status).toBe(201);
    expect((await manage('PUT', '/templates/gone', { subject: 'x', text: 'x' }, { 'if-match': '*' })).status).toBe(412);
    const { answer: page } = await manage('GET', '/templates?limit=1');
    expect(page).toMatchObject({ object: 'list', data: [{ name: 'news', version: 1 }], has_more: true });
    const { answer: rest } = await manage('GET', `/templates?limit=1&after=${page.next_after}`);
    expect(rest).toMatchObject({ data: [{ name: 'welcome', version: 2 }], has_more: false, next_after: null });

    expect((await manage('DELETE', '/templates/news')).status).toBe(200);
    expect((await manage('DELETE', '/templates/news')).status).toBe(404);
  });

  it('makes one version of several changes at once each, none lost', async () => {
    await manage('PUT', '/templates/busy', { subject: '0', text: 'x' });
    const changes = Array.from({ length: 4 }, (_, n) =>
      manage('PUT', '/templates/busy', { subject: `${n + 1}`, text: 'x' }),
    );
    expect((await Promise.all(changes)).map(({ answer }) => answer.version).sort()).toEqual([2, 3, 4, 5]);
  });

  it('name every fault, those of Liquid by line and column', async () => {
    const bad = { name: '', subject: 'a\nb', text: 7, x: 1 };
    expect(
      faultsOf(await manage('POST', '/templates', bad)).faults.map((fault: string) => fault.split(':')[0]),
    ).toEqual([...['name', 'subject', 'text', 'x']]);
    const liquid = { name: 'a', subject: '{{ a', html: '<p>\n{% nope %}' };
    expect(faultsOf(await manage('POST', '/templates', liquid))).toEqual({
      status: 422,
      faults: [
        'subject: cannot be used: output "{{ a" not closed (line 1, column 1)',
        'html: cannot be used: tag "nope" not found (line 2, column 1)',
      ],
    });
    expect((await manage('PUT', '/templates/a', { subject: 'x' })).answer).toMatchObject({
      name: 'missing_required_field',
      detail: 'text or html is required.',
    });
  });

  it('belong to their client: to another they are unknown', async () => {
    const headers = { authorization: `Bearer ${otherToken}` };
    const { answer: mine } = await manage('GET', '/templates/welcome');
    for (const name of ['welcome', mine.id]) {
      expect((await manage('GET', `/templates/${name}`, undefined, headers)).status).toBe(404);
      expect((await manage('DELETE', `/templates/${name}`, undefined, headers)).status).toBe(404);
      const sent = await post('/send', { ...to, template: name, data: { first_name: 'A' } }, headers);
      expect(faultsOf(sent)).toEqual({
        status: 422,
        faults: [`template: is ${name}, and you have no template of that name or id`],
      });
    }
    expect((await manage('PUT', `/templates/${mine.id}`, welcome, headers)).status).toBe(404);
    expect((await manage('GET', '/templates', undefined, headers)).answer.data).toEqual([]);
    expect((await manage('POST', '/templates', { name: 'welcome', ...welcome }, headers)).status).toBe(201);
    const readOnly = await getToken(api.functions.token.url, { ...exampleClient, scope: 'basic' });
    expect(
      (await manage('DELETE', '/templates/welcome', undefined, { authorization: `Bearer ${readOnly}` })).status,
    ).toBe(403);
  });
});

describe('sending', () => {
  it('renders the newest version, or the one that is named, in every form of the request', async () => {
    const data = { first_name: '<Zoë>' };
    const { email, parsed } = await deliver({ ...to, template: 'welcome', data });
    const { answer: template } = await manage('GET', '/templates/welcome');
    expect(email.template).toEqual({ id: template.id, name: 'welcome', version: 2 });
    expect(email).toMatchObject({ subject: 'Hi, <Zoë>', text: 'Hello <Zoë>,', html: '<p>Hello &lt;Zoë&gt;</p>' });
    expect(parsed).toMatchObject({ subject: 'Hi, <Zoë>', html: '<p>Hello &lt;Zoë&gt;</p>' });

    const first = await deliver({ ...to, template: { id: template.id, version: 1 }, data: { ...data, coupon: 'C7' } });
    expect(first.email).toMatchObject({ subject: 'Welcome, <Zoë>', text: 'Hello <Zoë>, C7', template: { version: 1 } });
    const own = await deliver({ ...to, subject: 'Mine', template: { name: 'welcome' }, data });
    expect(own.email.subject).toBe('Mine');
    const original = await deliver({ email: 'a@example.com', to_email: 'b@example.com', template: 'welcome', data });
    expect(original.email).toMatchObject({ subject: 'Hi, <Zoë>', template: { version: 2 } });
  });

  it('keeps what was accepted, whatever becomes of the template', async () => {
    await manage('PUT', '/templates/passing', { subject: 'First', text: '{{ a }}' });
    const later = { ...to, template: 'passing', data: { a: 'kept' }, scheduled_at: '2099-01-01T00:00:00Z' };
    const scheduled_at = new Date(Date.now() + 86_400_000).toISOString();
    const key = { 'idempotency-key': 'passing' };
    const { answer } = await post('/send', { ...later, scheduled_at }, key);
    await manage('PUT', '/templates/passing', { subject: 'Second', text: '{{ b }}' });
    expect(faultsOf(await post('/send', later))).toMatchObject({
      faults: ['scheduled_at: may be a year ahead at most'],
    });
    expect(faultsOf(await post('/send', { ...later, scheduled_at })).faults).toEqual(['data.b: is missing']);
    await manage('DELETE', '/templates/passing');
    const email = await api.read(`/emails/${answer.id}`);
    expect(email).toMatchObject({ subject: 'First', text: 'kept', template: { name: 'passing', version: 1 } });
    expect((await post('/send', { ...later, scheduled_at })).status).toBe(422);
    // The same request, repeated because its answer was lost.
    expect(await post('/send', { ...later, scheduled_at }, key)).toEqual({ status: 202, answer });
  });

  it('names all that is missing, in a batch by index', async () => {
    await manage('PUT', '/templates/order', {
      subject: '{{ number }}',
      html: '{{ user.name }}{% for item in items %}{{ item.title }}{% endfor %}{{ note | default: "none" }}',
    });
    const template = 'order';
    const single = await post('/send', { ...to, template });
    expect(single.answer.detail).toBe('data.number is missing; data.user.name is missing; data.items is missing.');
    const good = { ...to, template, data: { number: 7, user: { name: 'A' }, items: [] } };
    const half = { ...to, template, data: { user: { name: 'A' }, items: [{ title: 'x' }, {}] } };
    const emails = [good, { ...to, subject: 'x' }, half, { ...good, template: { name: template, version: 9 } }];
    expect(faultsOf(await post('/send/batch', emails))).toEqual({
      status: 422,
      faults: [
        '[1].text: [1].text or html or template is required',
        '[2].data.number: is missing',
        '[2].data.items[1].title: is missing',
        '[3].template: is order, which has no version 9: the newest is 1',
      ],
    });
    const permissive = await post('/send/batch', emails, { 'x-batch-validation': 'permissive' });
    expect(permissive.answer.data).toHaveLength(1);
    expect(permissive.answer.errors.map(({ index }: Json) => index)).toEqual([1, 2, 3]);
    const { answer } = await post(
      '/send/batch',
      Array.from({ length: 100 }, () => good),
    );
    expect(answer.data).toHaveLength(100);
  });
});

describe('a text of HTML', () => {
  it('goes beside HTML that came alone, and is not stored', async () => {
    const html = '<h1>Order</h1><p>See <a href="https://example.com/7">order 7</a> &amp; more.</p>';
    const { email, parsed, raw } = await deliver({ ...to, subject: 'HTML', html });
    expect(raw).toContain('multipart/alternative');
    expect(parsed.text?.trim()).toBe('Order\n\nSee order 7 [https://example.com/7] & more.');
    expect(parsed.html).toBe(html);
    expect(email).toMatchObject({ text: null, html });
    const image = await deliver({ ...to, subject: 'Image', html: '<img src="https://example.com/x.png">' });
    expect(image.raw).not.toContain('text/plain');
  });
});

describe('POST /emails/preview', () => {
  it('shows the message, the route and what is against it, and sends nothing', async () => {
    const before = smtp.received.length;
    const { answer, status } = await post('/emails/preview', {
      ...to,
      bcc: 'hidden@example.com',
      template: 'order',
      data: { number: 'Grüße', user: { name: '<A>' }, items: [] },
      attachments: [{ filename: 'a.txt', content: Buffer.from('attached').toString('base64') }],
      lane: 'bulk',
    });
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      object: 'preview',
      subject: 'Grüße',
      text: '<A>none',
      html: '&lt;A&gt;none',
      template: { name: 'order', version: 1 },
      envelope: { from: 'a@example.com', to: ['b@example.com', 'hidden@example.com'] },
      route: { status: 'queued', lane: 'bulk', delivery: 'at_least_once', scheduled_at: null, expires_at: null },
      findings: { sender_allowed: true, suppressed: [], rate: null, daily_quota: null },
      message_truncated: false,
    });
    const parsed = await simpleParser(answer.message);
    expect(parsed).toMatchObject({ subject: 'Grüße', html: '&lt;A&gt;none' });
    expect(answer.message).not.toContain('hidden@');
    expect(parsed.attachments[0]?.content.toString()).toBe('attached');
    expect((await api.read('/emails?limit=1')).data[0].subject).not.toBe('Grüße');
    // Something sent after it has arrived; the preview has not.
    await deliver({ ...to, subject: 'After', text: 'x' });
    expect(smtp.received.slice(before).filter(({ to }) => to.includes('hidden@example.com'))).toEqual([]);
  });

  it('refuses what POST /send refuses, and cuts a long message', async () => {
    expect(faultsOf(await post('/emails/preview', { ...to, template: 'order' })).faults).toHaveLength(3);
    const content = Buffer.alloc(2_000_000).toString('base64');
    const { answer } = await post('/emails/preview', {
      ...to,
      subject: 'Long',
      text: 'x',
      attachments: [{ filename: 'a.bin', content }],
    });
    expect([answer.message.length, answer.message_truncated]).toEqual([1_000_000, true]);
  });

  it('finds what limits, senders and suppressions are against it', async () => {
    const { sql } = ground.database;
    await sql`update clients set allowed_senders = array['shop.example.com'], daily_quota = 5 where client_id = 'other'`;
    await sql`insert into suppressions (client_id, recipient, reason) values ('other', 'b@example.com', 'manual')`;
    const headers = { authorization: `Bearer ${otherToken}` };
    const { answer } = await post('/emails/preview', { ...to, subject: 'x', text: 'x' }, headers);
    expect(answer).toMatchObject({
      envelope: { to: [] },
      route: { status: 'suppressed' },
      findings: {
        sender_allowed: false,
        suppressed: [{ recipient: 'b@example.com', reason: 'manual' }],
        rate: null,
        daily_quota: { limit: 5, remaining: 5 },
      },
    });
  });
});
