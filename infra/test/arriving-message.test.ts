// What arrives of everything a request can say, as a mail program reads it: parts, inline images, encodings, headers, addresses of every script.
import { randomBytes } from 'node:crypto';
import { type ParsedMail, simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, brokerUrl, eventually, type Json, json, startApi, startFunction } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;
/** A relay without SMTPUTF8. */
let old: TestSmtpServer | undefined;
/** Senders for whom SMTPUTF8 was asked. */
const utf8Senders: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer({
    onMailFrom({ address, args }, _session, callback) {
      if (args && 'SMTPUTF8' in args) utf8Senders.push(address);
      callback();
    },
  });
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url });
});
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await old?.stop();
  await database?.drop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

/** Sends, waits for the end and returns the message that arrived, raw and parsed, and the email as its history shows it. */
async function deliver(body: object) {
  const response = await api.send(body, { prefer: 'wait=30' });
  const answer = await json(response);
  expect({ status: response.status, ...answer }).toMatchObject({ status: 'sent' });
  const email = await api.read(`/emails/${answer.id}`);
  const message = smtp.received.find(({ raw }) => raw.includes(email.message_id));
  const parsed: ParsedMail = await simpleParser(message?.raw ?? '');
  return { raw: message?.raw ?? '', to: message?.to ?? [], parsed, email };
}

async function expectFaults(body: object, paths: string[]): Promise<Json> {
  const response = await api.send(body);
  const problem = await json(response);
  expect({ status: response.status, paths: problem.errors?.map(({ path }: Json) => path) }).toEqual({
    status: 422,
    paths,
  });
  return problem;
}

describe('attachments', () => {
  const bytes = randomBytes(100_000);
  const base64 = (content: Buffer | string) => Buffer.from(content).toString('base64');

  it('arrive with their bytes, names and types, whatever they are', async () => {
    const attachments = [
      { filename: 'random.bin', content: base64(bytes) },
      { filename: 'Übersicht – 概要 🎉.pdf', content: base64('%PDF-1.7'), content_type: 'application/pdf' },
      {
        filename: 'line ends.txt',
        content: base64('a\nb\r\nc\rd\n.\n..\n\n'),
        content_type: 'text/plain; charset=utf-8',
      },
      { filename: 'forwarded.eml', content: base64('From: x\nSubject: bare line feeds\n\nFrom here\n') },
      { filename: 'a "quoted"; name=x.csv', content: base64('1;2') },
      { filename: `${'very long '.repeat(20)}.txt`, content: base64('x'.repeat(5_000)) },
      { filename: 'empty', content: '' },
    ];
    const { raw, parsed, email } = await deliver({ ...good, attachments });
    expect(parsed.attachments.map(({ filename, content }) => ({ filename, content: base64(content) }))).toEqual(
      attachments.map(({ filename, content }) => ({ filename, content })),
    );
    expect(
      [...raw.matchAll(/^Content-Type: ((?!multipart)[^;]+);\s+(?!format|.*flowed)[^\r]*name/gm)].map(
        ([, type]) => type,
      ),
    ).toEqual([
      ...['application/octet-stream', 'application/pdf', 'text/plain', 'application/octet-stream', 'text/csv'],
      ...['text/plain', 'application/octet-stream'],
    ]);
    expect(email.attachments.slice(0, 2)).toEqual([
      { filename: 'random.bin', content_type: null, content_id: null, size: 100_000 },
      { filename: 'Übersicht – 概要 🎉.pdf', content_type: 'application/pdf', content_id: null, size: 8 },
    ]);
  });

  it('with a content_id are shown in the HTML', async () => {
    const logo = { filename: 'logo.png', content: base64(bytes), content_type: 'image/png', content_id: 'logo@x' };
    const html = '<p>Grüße <img src="cid:logo@x"></p>';
    const report = { filename: 'report.txt', content: base64('report') };
    const { raw, parsed } = await deliver({ ...good, html, attachments: [logo, report] });
    expect([...raw.matchAll(/^Content-Type: (multipart\/\w+)/gm)].map(([, type]) => type)).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'multipart/related',
    ]);
    expect(parsed.attachments).toEqual([
      expect.objectContaining({ cid: 'logo@x', related: true, contentDisposition: 'inline', content: bytes }),
      expect.objectContaining({ filename: 'report.txt', contentDisposition: 'attachment' }),
    ]);
    expect(parsed.html).toContain(`data:image/png;base64,${base64(bytes)}`);
  });
});

describe('an invitation', () => {
  it.each(['REQUEST', 'CANCEL', 'PUBLISH'])('of method %s is an alternative, and attached', async (method) => {
    const content = base64OfCalendar(method);
    const attachments = [{ filename: 'invite.ics', content, content_type: `text/calendar; method=${method}` }];
    const { raw, parsed, email } = await deliver({ ...good, html: '<p>Hi</p>', attachments });
    const alternatives = /multipart\/alternative;\s+boundary="([^"]+)"/.exec(raw)?.[1] ?? '';
    const parts = raw.split(`--${alternatives}`).slice(1, -1);
    expect(parts.map((part) => /^Content-Type: ([^;]+)/m.exec(part)?.[1])).toEqual([
      ...['text/plain', 'text/html', 'text/calendar'],
    ]);
    const [head, body = ''] = parts[2]?.split('\r\n\r\n') ?? [];
    expect(head?.replace(/\r\n\s/g, ' ')).toContain(`text/calendar; method=${method}; charset=utf-8`);
    expect(head).not.toContain('Content-Disposition');
    expect(body.replace(/\s/g, '')).toBe(content);
    expect(parsed.attachments.at(-1)).toMatchObject({ filename: 'invite.ics', contentType: 'application/ics' });
    expect(email.attachments).toMatchObject([
      { filename: 'invite.ics', content_type: `text/calendar; method=${method}` },
    ]);
  });
});

function base64OfCalendar(method: string): string {
  const lines = [
    'BEGIN:VCALENDAR',
    `METHOD:${method}`,
    'BEGIN:VEVENT',
    'SUMMARY:Grüße',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ];
  return Buffer.from(lines.join('\r\n')).toString('base64');
}

describe('texts', () => {
  it('of HTML alone is what its reader sees', async () => {
    const html =
      '<div style="display:none">Preview</div><div>&zwnj;&nbsp;&zwnj;&nbsp;</div><table><tr><th>Item</th><th>Price</th></tr>' +
      '<tr><td>Pear</td><td>1.00</td></tr></table>';
    const { parsed } = await deliver({ from: good.from, to: good.to, subject: 'Order', html });
    expect(parsed.text?.trim()).toBe('Item Price\nPear 1.00');
  });

  it('arrive in every script, with long lines and odd ones', async () => {
    const text = [
      `${'lange Zeile ü '.repeat(200)}`,
      'x'.repeat(3_000),
      '.',
      '..',
      'From me',
      '',
      '🎉 = 3D',
      '-- ',
    ].join('\n');
    const subject = 'Grüße an Zoë: 日本語の件名 🎉 '.repeat(8).trim();
    const from = { email: 'a@exämple.com', name: 'Jürgen "J." Ümlaut, <b@example.com>' };
    const { raw, parsed } = await deliver({ ...good, from, subject, text, html: `<p>${'ü'.repeat(2_000)}</p>` });
    expect(raw.split('\r\n').every((line) => line.length <= 998)).toBe(true);
    expect(/^[\0-\x7f]*$/.test(raw)).toBe(true);
    expect(parsed.text?.trimEnd()).toBe(text.trimEnd());
    expect(parsed.html).toContain('ü'.repeat(2_000));
    expect(parsed.subject).toBe(subject);
    expect(parsed.from?.value).toEqual([{ address: from.email, name: from.name }]);
  });
});

describe('headers, tags and metadata', () => {
  it('custom headers arrive, one-click unsubscribing as RFC 8058 has it', async () => {
    const headers = { 'X-Order': '7', 'X-Greeting': 'Grüße', 'In-Reply-To': '<1@example.com>' };
    const unsubscribe = { url: 'https://example.com/u?who=7' };
    const { raw, parsed, email } = await deliver({ ...good, headers, unsubscribe });
    expect(raw).toMatch(/^List-Unsubscribe: <https:\/\/example\.com\/u\?who=7>\r$/m);
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    expect(parsed.headers.get('x-order')).toBe('7');
    expect(parsed.headers.get('x-greeting')).toBe('=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=');
    expect(parsed.inReplyTo).toBe('<1@example.com>');
    expect(email.headers).toMatchObject(headers);
  });

  it('structured headers keep their form: nothing of them is encoded, and no line is empty', async () => {
    const headers = {
      'List-Id': '"News" <n.example.com>',
      'List-Post': 'NO (posting is "closed")',
      Keywords: '"spring, sale", shoes',
      'Disposition-Notification-To': '"Doe, Jane" <jane@example.com>',
      'X-Options': '{"category": "a", "sub": {":n": ["q"]}}',
      'List-Unsubscribe': `<https://example.com/u?who="7"&t=${'x'.repeat(500)}>, <mailto:u@example.com?subject="off">`,
      'Return-Receipt-To': 'Zoë <zoe@exämple.com>',
    };
    for (const attachments of [[], [{ filename: 'a.txt', content: 'eA==' }]]) {
      const { raw, email } = await deliver({ ...good, headers, attachments });
      const head = raw.split('\r\n\r\n', 1)[0] ?? '';
      const lines = head.replace(/\r\n(?=[ \t])/g, '').split('\r\n');
      const { 'Return-Receipt-To': _, ...asTheyAre } = headers;
      for (const [name, value] of Object.entries(asTheyAre)) expect(lines).toContain(`${name}: ${value}`);
      expect(lines).toContain('Return-Receipt-To: =?UTF-8?Q?Zo=C3=AB?= <zoe@xn--exmple-cua.com>');
      for (const line of head.split('\r\n')) expect(line).toMatch(/\S+:? *\S/);
      expect(email.headers).toEqual(headers);
    }
  });

  it('a subject of 998 letters goes in lines of 76', async () => {
    const { raw, parsed } = await deliver({ ...good, subject: 's'.repeat(998) });
    expect(parsed.subject).toBe('s'.repeat(998));
    const head = raw.split('\r\n\r\n', 1)[0] ?? '';
    expect(Math.max(...head.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it('what GET shows can be sent again', async () => {
    const mailboxes = [
      '"Doe, Jane \\"JJ\\"" <jane@example.com>',
      '"Support: a\\\\b" <s@example.com>',
      'Zoë <z@example.com>',
    ];
    const { email } = await deliver({
      ...good,
      ...{ from: mailboxes[0], to: mailboxes, cc: mailboxes[1], reply_to: mailboxes },
      ...{ headers: { 'X-A': '"q", ü', 'List-Id': '"N" <n.example.com>' }, tags: ['a', { name: 'b', value: 'c:"d"' }] },
      ...{ unsubscribe: { url: 'https://example.com/ü' }, metadata: { order: '7 "8"' } },
    });
    const { from, to, cc, bcc, reply_to, subject, text, headers, tags, metadata, lane, delivery } = email;
    expect({ from, to, reply_to }).toEqual({ from: mailboxes[0], to: mailboxes, reply_to: mailboxes });
    const shown = { from, to, cc, bcc, reply_to, subject, text, headers, tags, metadata, lane, delivery };
    const { email: again } = await deliver(shown);
    expect(again).toMatchObject(shown);
  });

  it('the two headers of unsubscribing are the same in headers', async () => {
    const headers = {
      'List-Unsubscribe': '<mailto:u@example.com>, <https://example.com/u>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    };
    const { raw } = await deliver({ ...good, headers });
    for (const [name, value] of Object.entries(headers)) expect(raw.split('\r\n')).toContain(`${name}: ${value}`);
    await expectFaults({ ...good, headers, unsubscribe: { url: 'https://example.com/u' } }, ['unsubscribe']);
  });

  it('tags and metadata are kept, shown, and never sent', async () => {
    const { email, raw } = await deliver({
      ...good,
      tags: ['welcome', { name: 'campaign', value: 'spring' }],
      metadata: { order: '7' },
    });
    const tags = [
      { name: 'welcome', value: '' },
      { name: 'campaign', value: 'spring' },
    ];
    expect(email).toMatchObject({ tags, metadata: { order: '7' } });
    expect(raw).not.toMatch(/welcome|spring/);
    for (const [query, found] of [
      ['welcome', true],
      ['campaign', true],
      ['campaign:spring', true],
      ['campaign:autumn', false],
      ['spring', false],
      ["'; drop table emails; --", false],
    ] as const) {
      const { data } = await api.read(`/emails?tag=${encodeURIComponent(query)}`);
      expect({ query, ids: data.map(({ id }: Json) => id) }).toEqual({ query, ids: found ? [email.id] : [] });
    }
  });
});

describe('SMTPUTF8', () => {
  const email = { ...good, to: ['用户@例え.test', 'b@example.com'], cc: 'Jörg <jörg@example.com>' };

  it('is asked of a relay that offers it, for addresses that need it', async () => {
    const { to, parsed } = await deliver({ ...email, from: 'needs-utf8@example.com' });
    expect(to).toEqual(['用户@例え.test', 'b@example.com', 'jörg@example.com']);
    expect(parsed.cc).toMatchObject({ value: [{ address: 'jörg@example.com', name: 'Jörg' }] });
    await deliver({ ...good, from: 'plain@example.com' });
    expect(utf8Senders).toEqual(['needs-utf8@example.com']);
  });

  it('is asked for what the message shows, whoever is left in the envelope', async () => {
    utf8Senders.length = 0;
    await deliver({ ...good, from: 'reply@example.com', reply_to: 'jörg@exämple.com' });
    await deliver({ ...good, from: 'receipt@example.com', headers: { 'Return-Receipt-To': 'Ü <jörg@example.com>' } });
    expect(utf8Senders).toEqual(['reply@example.com', 'receipt@example.com']);

    smtp.behave({ refuse: { 'b@example.com': [450, '4.2.0 later'] } });
    const answer = await json(
      await api.send({ ...good, from: 'settled@example.com', to: ['jörg@example.com', 'b@example.com'] }),
    );
    const until = (status: string) =>
      eventually(async () => (await api.read(`/emails/${answer.id}`)).status === status || undefined);
    await until('deferred');
    smtp.behave({});
    await database.sql`update emails set due_at = now() where id = ${answer.id}`;
    await until('sent');
    expect(smtp.received.filter(({ from }) => from === 'settled@example.com').map(({ to }) => to)).toEqual([
      ['jörg@example.com'],
      ['b@example.com'],
    ]);
    expect(utf8Senders.slice(2)).toEqual(['settled@example.com', 'settled@example.com']);
    // The next message on the connection asks for nothing.
    await deliver({ ...good, from: 'plain@example.com' });
    expect(utf8Senders).toHaveLength(4);
  });

  it('is missing: the email bounces, and says why', async () => {
    old = await startSmtpServer({ hideSMTPUTF8: true });
    await api.functions.consume.stop();
    const common = { DATABASE_URL: database.url, AMQP_URL: brokerUrl() };
    api.functions.consume = await startFunction('consume', { ...common, SMTP_URL: old.url });
    const { id } = await json(await api.send(email));
    const bounced = await eventually(async () => {
      const now = await api.read(`/emails/${id}`);
      return now.status === 'bounced' && now;
    });
    expect(bounced.events[1]).toMatchObject({ type: 'attempt', category: 'address', enhanced_code: '5.6.7' });
    expect(bounced.last_reply).toContain('the relay does not offer SMTPUTF8 (RFC 6531), which the address 用户@');
    const shown = await json(await api.send({ ...good, reply_to: 'jörg@exämple.com' }, { prefer: 'wait=30' }));
    expect(shown).toMatchObject({ status: 'bounced', last_reply: expect.stringContaining('jörg@xn--exmple-cua.com') });
    expect((await json(await api.send(good, { prefer: 'wait=30' }))).status).toBe('sent');
    expect(old.received).toHaveLength(1);
  });
});
