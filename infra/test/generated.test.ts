// Generated bodies: none gets a 500, and what is accepted arrives with the same recipients, subject and bytes of attachments.
import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, json } from './functions.ts';
import type { TestSmtpServer } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  ground = await startWholeApi();
  ({ smtp, api } = ground);
});
afterAll(async () => {
  await ground?.stop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

/** Mostly what is accepted. */
const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: 'grapheme', maxLength: 120 }) },
  { weight: 9, arbitrary: fc.lorem({ maxCount: 20 }) },
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.constantFrom('a  b ', ' a', '=?', 'a =?b?= c', '"', '\\', ',;<>()', `${'x'.repeat(300)} y`, 'ü'.repeat(300)),
);
const localPart = fc.oneof(
  { weight: 9, arbitrary: fc.stringMatching(/^[A-Za-z0-9#$&'*+/=^_`{|}~-]{1,20}$/) },
  { weight: 9, arbitrary: fc.constantFrom('first.last', 'jörg', '用户') },
  fc.constantFrom('o’brien', 'a..b', '"a b"', '', 'a%b', 'a!b', '=?utf-8?q?x?='),
);
const domains = ['example.com', 'Sub.EXAMPLE.com', 'exämple.com', '例え.test'];
const domain = fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...domains) }, fc.constant('no-dot'));
const address = fc.tuple(localPart, domain).map(([local, at]) => `${local}@${at}`);
const mailbox = fc.oneof(address, fc.record({ email: address, name: text }));
const attachment = fc.record(
  {
    filename: fc.oneof({ weight: 9, arbitrary: fc.stringMatching(/^[a-zäöü "';=%]{1,90}\.(txt|png|eml|html)$/) }, text),
    content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    content_type: fc.constantFrom('text/plain', 'text/html; charset=utf-8', 'image/png', 'text/x; a=b'),
    content_id: fc.constantFrom('a', 'b@example.com', 'c', 'd'),
  },
  { requiredKeys: ['filename', 'content'] },
);
const email = fc.record(
  {
    from: mailbox,
    to: fc.array(mailbox, { minLength: 1, maxLength: 3 }),
    subject: text,
    text,
    cc: mailbox,
    bcc: fc.array(address, { maxLength: 2 }),
    html: text,
    attachments: fc.array(attachment, { maxLength: 3 }),
    headers: fc.dictionary(fc.constantFrom('X-A', 'References'), text, { maxKeys: 1 }),
    tags: fc.array(fc.lorem({ maxCount: 2 }), { maxLength: 1 }),
    metadata: fc.dictionary(fc.constantFrom('a', 'b'), text, { maxKeys: 1 }),
  },
  { requiredKeys: ['from', 'to', 'subject', 'text'] },
);

const fields = ['from', 'to', 'cc', 'bcc', 'reply_to', 'subject', 'text', 'html', 'attachments', 'headers', 'tags'];
const others = ['metadata', 'unsubscribe', 'scheduled_at', 'expires_at', 'lane', 'delivery', 'email', 'to_email', 'x'];
const nonsense = fc.dictionary(fc.constantFrom(...fields, ...others), fc.jsonValue({ maxDepth: 3 }));
const anything = fc.oneof(
  nonsense,
  nonsense.map((over) => ({ ...good, ...over })),
  fc.tuple(fc.constantFrom(...fields, ...others), fc.jsonValue()).map(([name, value]) => ({ ...good, [name]: value })),
  fc.jsonValue(),
);

it('no body gets a 500', async () => {
  const post = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' };
    const response = await fetch(api.functions.send.url + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return response.status;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 3 }), async (bodies) => {
      expect([202, 422]).toContain(await post('/send', bodies[0]));
      expect([202, 422]).toContain(await post('/send/batch', bodies));
    }),
    { numRuns: 100 },
  );
});

it('what is accepted arrives with the same recipients, subject and bytes of attachments', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(email, async (body) => {
      const response = await api.send(body, { prefer: 'wait=30' });
      expect([200, 422]).toContain(response.status);
      if (response.status === 422) return;
      accepted += 1;
      const { id } = await json(response);
      const message = smtp.received.find(({ raw }) => raw.includes(`<${id}@`));
      const parsed = await simpleParser(message?.raw ?? '');
      const mailboxes = [body.to, body.cc ?? [], body.bcc ?? []].flat();
      const given = new Set(mailboxes.map((one) => toAscii(typeof one === 'string' ? one : one.email)));
      expect(new Set(message?.to.map(toAscii))).toEqual(given);
      expect(parsed.subject ?? '').toBe(body.subject.trim());
      expect(parsed.attachments.map(({ content }) => content.toString('base64')).sort()).toEqual(
        (body.attachments ?? []).map(({ content }) => content).sort(),
      );
    }),
    { numRuns: 80 },
  );
  expect(accepted).toBeGreaterThan(25);
});

/** An address with its domain as it travels. */
function toAscii(given: string): string {
  const at = given.lastIndexOf('@');
  return `${given.slice(0, at)}@${domainToASCII(given.slice(at + 1))}`;
}
