// Signatures as an independent verifier (mailauth) sees them: which messages are covered, which changes are noticed.
import { generateKeyPairSync } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { dkimVerify } from 'mailauth';
import { describe, expect, it } from 'vitest';
import { type DkimSigningKey, signedWith } from './dkim-sign.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key: DkimSigningKey = { domain: 'example.com', selector: 's1', privateKey };
const record = `v=DKIM1; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

const head = [
  'From: =?UTF-8?Q?Zo=C3=AB?= <zoe@shop.example.com>',
  'To: a@example.org,\r\n b@example.org',
  'Subject:  Two  words\tand a tab ',
  'Message-ID: <1@example.com>',
  'Date: Tue, 24 Nov 2026 15:30:42 +0000',
  'List-Unsubscribe: <https://example.com/u?who=7>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  'X-Order: 7',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  '',
  '',
].join('\r\n');

/** In one piece, as most messages are composed. */
async function signed(message: string): Promise<string> {
  const sign = await signedWith(async () => key);
  return bytesOf(sign(Buffer.from(message)));
}

async function bytesOf(message: Buffer | Readable): Promise<string> {
  const whole = Buffer.isBuffer(message) ? message : await buffer(message);
  return whole.toString('latin1');
}

async function verdict(message: string) {
  const resolver = async (name: string) => (name === 's1._domainkey.example.com' ? [[record]] : []);
  const { results } = await dkimVerify(Buffer.from(message, 'latin1'), { resolver });
  return results.map(({ status }) => status.result);
}

const original = await signed(`${head}Hello  you\r\n`);

describe('a signed message', () => {
  it.each([
    ['no body', ''],
    ['a line', 'Hello\r\n'],
    ['a last line without an end', 'Hello '],
    ['empty lines, at the start and the end', '\r\n\r\nHello\r\n\r\nyou\r\n\r\n\r\n'],
    ['nothing but empty lines', '\r\n\r\n'],
    ['white space in the lines and at their ends', ' a  b\t\tc \t\r\n \t\r\nd \r\n \r\n'],
    ['lines that start with dots', '.\r\n..\r\n.a\r\n'],
    ['bytes that are not ASCII', 'Grüße 日本語\u00a0\r\n'],
    ['bare CR and LF', 'a\rb\nc\r\rd\r\n\ne\r'],
    ['a long run of white space', `a${' \t'.repeat(200_000)}b${' '.repeat(200_000)}\r\n`],
    ['a long line', `${'x'.repeat(2_000)}\r\n`],
    ['many lines', 'The quick brown fox\r\n'.repeat(50_000)],
  ])('verifies, with %s', async (_, body) => {
    const message = await signed(head + body);
    // As SMTP transmits it: what is left to do to it afterwards.
    expect(message).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
    expect(await verdict(message.endsWith('\r\n') ? message : `${message}\r\n`)).toEqual(['pass']);
  });

  it('is the same message behind one more header, of short lines', async () => {
    const message = await signed(`${head}Hello\r\n`);
    const [, field = ''] = /^(DKIM-Signature: .*?\r\n)(?! )/s.exec(message) ?? [];
    expect(message).toBe(`${field}${head}Hello\r\n`);
    for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
    expect(field).toMatch(/\bd=example\.com; s=s1;\s+t=\d{10};/);
    expect(/h=([^;]+)/.exec(field)?.[1]?.replace(/\s/g, '').split(':')).toEqual([
      ...[
        'from',
        'from',
        'to',
        'to',
        'cc',
        'reply-to',
        'subject',
        'subject',
        'date',
        'date',
        'message-id',
        'message-id',
      ],
      ...['content-type', 'content-type', 'mime-version', 'list-unsubscribe', 'list-unsubscribe-post'],
    ]);
  });

  it.each([
    ['a header put before it', `Received: by mx.example.org\r\n${original}`],
    ['white space of the body', original.replace('Hello  you', 'Hello you \t')],
    ['empty lines at the end', `${original}\r\n\r\n`],
    ['the folding of a header', original.replace('a@example.org,\r\n b', 'a@example.org,  b')],
    ['a header that is not signed', original.replace('X-Order: 7\r\n', '')],
  ])('bears a change of %s', async (_, changed) => {
    expect(changed).not.toBe(original);
    expect(await verdict(changed)).toEqual(['pass']);
  });

  it.each([
    ['the body', original.replace('Hello', 'Hallo')],
    ['a line added to the body', `${original}more\r\n`],
    ['the subject', original.replace('Two', 'Too')],
    ['the address to unsubscribe at', original.replace('who=7', 'who=8')],
    ['one-click taken away', original.replace(/List-Unsubscribe-Post: .*\r\n/, '')],
    ['a second From before', `From: eve@example.net\r\n${original}`],
    ['a second From behind', original.replace('MIME-Version', 'From: eve@example.net\r\nMIME-Version')],
    ['a second Subject', `Subject: Win\r\n${original}`],
    ['a Reply-To where there was none', `Reply-To: eve@example.net\r\n${original}`],
    ['the structure', `Content-Type: text/html\r\n${original}`],
  ])('does not bear a change of %s', async (_, changed) => {
    expect(changed).not.toBe(original);
    const [result] = await verdict(changed);
    expect(result).not.toBe('pass');
  });
});

describe('signedWith', () => {
  it('leaves a message alone that nobody signs for', async () => {
    const message = Buffer.from(head);
    const sign = await signedWith(async () => undefined);
    expect(sign(message)).toBe(message);
  });

  it('lets no message through when the key cannot be told', async () => {
    const sign = await signedWith(() => Promise.reject(new Error('broken')));
    expect(() => sign(Buffer.from(head))).toThrow('the DKIM key could not be read');
  });

  it('ends with the error of a message that fails in the midst, before a byte of it', async () => {
    const failing = async function* () {
      yield Buffer.from(head);
      throw new Error('no more');
    };
    const sign = await signedWith(async () => key);
    const message = sign(failing) as Readable;
    let bytes = 0;
    message.on('data', (piece) => {
      bytes += piece.length;
    });
    await expect(new Promise((_, reject) => message.on('error', reject))).rejects.toThrow('no more');
    expect(bytes).toBe(0);
  });
});
