// Attacks by template and by what templates are given, each by its name, over the whole API.

import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processorMs } from './cost.ts';
import { type Api, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let api: Api;

beforeAll(async () => {
  ground = await startWholeApi({ also: ['manage'] });
  ({ api } = ground);
});
afterAll(async () => {
  await ground?.stop();
});

async function request(method: string, url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer: Json = await json(response);
  const faults = answer.errors?.map(({ path, message }: Json) => `${path} ${message}`);
  return { status: response.status, name: answer.name, faults, answer };
}

const put = (name: string, source: object) => request('PUT', `${api.functions.manage.url}/templates/${name}`, source);
const to = { from: 'a@example.com', to: 'b@example.com' };
const send = (template: string, data: unknown, over: object = {}) =>
  request('POST', `${api.functions.send.url}/send`, { ...to, template, data, ...over }, { prefer: 'wait=30' });

async function arrived(answer: Json) {
  expect(answer).toMatchObject({ status: 'sent' });
  return simpleParser(ground.smtp.received.find(({ raw }) => raw.includes(`<${answer.id}@`))?.raw ?? '');
}

describe('template injection', () => {
  it('by data that is a template itself: it arrives as it was given', async () => {
    await put('greeting', { subject: 'Hello {{ name }}', text: '{{ name }}', html: '<p>{{ name }}</p>' });
    const name = '{{ secret }}{% for i in (1..9) %}x{% endfor %}';
    const { subject, text, html } = await arrived((await send('greeting', { name, secret: 'told' })).answer);
    expect({ subject, text: text?.trim(), html }).toEqual({
      subject: `Hello ${name}`,
      text: name,
      html: `<p>${name}</p>`,
    });
  });

  it('of HTML: it arrives as text', async () => {
    const { html } = await arrived((await send('greeting', { name: '<script>alert("1")</script>' })).answer);
    expect(html).toBe('<p>&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;</p>');
  });

  it.each(['include', 'render', 'layout'])('of files, by %s: it is not stored', async (tag) => {
    const { status, faults } = await put('files', { subject: 's', text: `{% ${tag} "/etc/passwd" %}` });
    expect({ status, faults }).toEqual({
      status: 422,
      faults: [`text cannot be used: tag "${tag}" not found (line 1, column 1)`],
    });
  });
});

describe('header injection', () => {
  it.each([
    ['line breaks', 'x\r\nBcc: victim@example.com', 'line breaks or other control characters'],
    ['encoded words', '=?utf-8?Q?x=0D=0ABcc:_victim@example.com?=', 'encoded words'],
    ['separators that some take for line breaks', 'x\u2028Bcc: victim@example.com', 'line breaks'],
    ['a subject without end', 'x'.repeat(1_000), '998 characters at most'],
  ])('by %s in a value that the subject shows', async (_what, name, message) => {
    const { status, faults } = await send('greeting', { name });
    expect(status).toBe(422);
    expect(faults).toEqual([expect.stringMatching(/^template renders a subject that /)]);
    expect(faults[0]).toContain(message);
  });

  it('by an encoded word that only the rendering puts together', async () => {
    await put('joined', { subject: '={{ a }}', text: 'x' });
    expect((await send('joined', { a: '?utf-8?Q?x=0D=0A?=' })).status).toBe(422);
  });

  it('by NUL and broken Unicode in the text', async () => {
    await put('plain', { subject: 's', text: '{{ a }}' });
    for (const a of ['\0', '\ud800']) expect((await send('plain', { a })).faults).toHaveLength(1);
  });
});

describe('prototype pollution', () => {
  it('by data: its names are plain names, and what is not in it is missing', async () => {
    await put('proto', { subject: 's', text: '{{ __proto__.x }}{{ constructor.constructor.name }}{{ a.toString }}' });
    const { faults } = await send('proto', JSON.parse('{"a":{"__proto__":{"toString":1}}}'));
    expect(faults).toEqual([
      'data.__proto__.x is missing',
      'data.constructor.constructor.name is missing',
      'data.a.toString is missing',
    ]);
    await put('proto', { subject: 's', text: '{{ __proto__.polluted }}' });
    const given = `{"from":"a@example.com","to":"b@example.com","template":"proto","data":{"__proto__":{"polluted":"mine"}}}`;
    const sent = await request('POST', `${api.functions.send.url}/send`, given);
    expect(sent.status).toBe(202);
    expect((await api.read(`/emails/${sent.answer.id}`)).text).toBe('mine');
    await put('proto', { subject: 's', text: '{{ polluted }}{{ a.polluted }}' });
    expect((await send('proto', { a: {} })).faults).toHaveLength(2);
  });

  it('by a template that writes to such names', async () => {
    const text = '{% assign __proto__ = a %}{% increment constructor %}{% for __proto__ in l %}{% endfor %}ok';
    expect((await put('writes', { subject: 's', text })).status).toBe(201);
    expect((await send('writes', { a: { polluted: 1 }, l: [{ polluted: 1 }] })).status).toBe(200);
    await put('reads', { subject: 's', text: '{{ polluted }}' });
    expect((await send('reads', {})).faults).toEqual(['data.polluted is missing']);
  });
});

describe('bombs', () => {
  const times = (n: number, body: string) => `{% for i in (1..${n}) %}${body}{% endfor %}`;
  it.each([
    ['loops in loops', times(9_000, times(9_000, ''))],
    ['text that doubles', `{% assign s = "x" %}${times(60, '{% assign s = s | append: s %}')}`],
    ['lists within lists', `{% assign a = "x" | split: "," %}${times(60, '{% assign a = a | push: a %}')}{{ a }}`],
    ['a long output', times(3_000, 'x'.repeat(5_000))],
  ])('%s', async (_what, html) => {
    await put('bomb', { subject: 's', html });
    const before = processorMs(api.functions.send.child.pid);
    const { status, faults } = await send('bomb', {});
    expect(status).toBe(422);
    expect(faults).toEqual([expect.stringMatching(/^template html cannot be rendered: it (takes|becomes) too l/)]);
    expect(processorMs(api.functions.send.child.pid) - before).toBeLessThan(3_000);
  });

  it('a batch of them takes no longer than one request may', async () => {
    await put('bomb', { subject: 's', html: times(9_000, times(9_000, '')) });
    const before = processorMs(api.functions.send.child.pid);
    const emails = Array.from({ length: 100 }, () => ({ ...to, template: 'bomb' }));
    const { status, answer } = await request('POST', `${api.functions.send.url}/send/batch`, emails);
    expect({ status, faults: answer.errors.length }).toEqual({ status: 422, faults: 100 });
    expect(processorMs(api.functions.send.child.pid) - before).toBeLessThan(6_000);
  });

  it('data nested deeply, or without end', async () => {
    const deep = `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`;
    expect((await send('greeting', JSON.parse(deep))).faults[0]).toContain('20 levels');
    expect((await send('greeting', { name: 'x'.repeat(100_001) })).faults[0]).toContain('100000 characters');
  });

  it('1 MB of nested HTML is delivered, without a text', async () => {
    const html = '<div>'.repeat(200_000);
    const { status, answer } = await request(
      'POST',
      `${api.functions.send.url}/send`,
      { ...to, subject: 'Nested', html },
      { prefer: 'wait=30' },
    );
    expect({ status, ...answer }).toMatchObject({ status: 'sent' });
    expect(ground.smtp.received.find(({ raw }) => raw.includes(`<${answer.id}@`))?.raw).not.toContain('text/plain');
  });

  it('and the functions are as well as before', async () => {
    expect((await send('greeting', { name: 'A' })).status).toBe(200);
    const { manage, send: sending, consume } = api.functions;
    const lines = [manage, sending, consume].flatMap(({ lines }) => lines);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
