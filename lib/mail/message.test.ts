import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { leastTurnMs } from '../../infra/test/cost.ts';
import { givenAttachments } from '../store/emails/attachments.ts';
import { inLines } from '../store/emails/base64-lines.ts';
import type { GivenAttachment } from '../store/emails/email.ts';
import {
  composeMessage,
  composeWhole,
  type MessageParts,
  type MimeMessage,
  textOfMessage,
  wholeMessage,
} from './message.ts';

const plain: MessageParts = {
  headers: {
    from: { email: 'a@example.com', name: 'A' },
    to: [{ email: 'b@example.com' }],
    cc: [],
    bcc: [],
    reply_to: [],
  },
  custom_headers: {},
  subject: 'Hello',
  message_id: '<1@example.com>',
  accepted_at: new Date('2027-01-31T12:00:00Z'),
  text_body: 'Hi',
  html_body: '<p>Hi</p>',
  attachments: [],
};

const words = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 120 }) },
  { weight: 4, arbitrary: fc.lorem({ maxCount: 30 }) },
  fc.constantFrom('', ' a', 'a ', '"', 'a, b <c>', '=?', 'ü'.repeat(300), `${'x'.repeat(300)} y`, 'Grüße aus Köln'),
);
const lines = fc.oneof(
  words,
  fc
    .array(fc.oneof(words, fc.constantFrom('.', '..', '--', 'From a', '日本語'.repeat(40), 'end \t')), { maxLength: 6 })
    .chain((some) => fc.constantFrom('\n', '\r\n', '\r').map((end) => some.join(end))),
);
const mailbox = fc.record(
  {
    email: fc.constantFrom('a@example.com', "o'b+c@sub.example.com", 'jörg@example.com', 'a@xn--exmple-cua.com'),
    name: words.filter((name) => name !== ''),
  },
  { requiredKeys: ['email'] },
);
const mailboxes = fc.array(mailbox, { maxLength: 4 });
const messages: fc.Arbitrary<MessageParts> = fc.record({
  headers: fc.record({ from: mailbox, to: mailboxes, cc: mailboxes, bcc: mailboxes, reply_to: mailboxes }),
  custom_headers: fc.dictionary(
    fc.constantFrom('X-A', 'X-B-ID', 'List-Unsubscribe', 'References', 'In-Reply-To'),
    words,
  ),
  subject: words,
  message_id: fc.constantFrom('<1@example.com>', `<${'1'.repeat(90)}@example.com>`),
  accepted_at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
  text_body: fc.option(lines),
  html_body: fc.option(lines),
  attachments: fc.constant([]),
});

/** Boundaries are generated. */
async function bytes(message: MimeMessage): Promise<string> {
  const text = (await wholeMessage(message)).toString('latin1');
  const [, boundary] = /boundary="(.+?)"/.exec(text) ?? [];
  return boundary === undefined ? text : text.replaceAll(boundary, 'boundary');
}

describe('a message without attachments', () => {
  it('is whole at once, byte for byte what the composer of all messages makes of it', async () => {
    expect(composeMessage(plain)).toBeInstanceOf(Buffer);
    const compared = fc.asyncProperty(messages, async (email) => {
      // Where a line of quoted-printable is broken depends on the pieces that the encoder is given; it says nothing (RFC 2045 §6.7).
      const unbroken = async (message: MimeMessage) => (await bytes(message)).replaceAll('=\r\n', '');
      expect(await unbroken(composeMessage(email))).toBe(await unbroken(await composeWhole(email)));
    });
    await fc.assert(compared, { numRuns: 500 });
  });

  it.each(['short', 'ü'.repeat(3_000), `${'wide '.repeat(20_000)}\n`, '日本語\n'.repeat(20_000)])(
    'says what it is to say',
    async (said) => {
      const { text, html } = await simpleParser(
        composeMessage({ ...plain, text_body: said, html_body: said }) as Buffer,
      );
      expect([text, html]).toEqual([said, said]);
    },
  );

  it('has boundaries of its own', () => {
    const [a, b] = [composeMessage(plain), composeMessage(plain)];
    expect(a).not.toEqual(b);
  });
});

describe('headers with long runs of spaces', () => {
  const runs = fc
    .array(
      fc.oneof(
        fc.integer({ min: 1, max: 400 }).map((n) => ' '.repeat(n)),
        words.filter((word) => !/[\p{Cc}\u2028\u2029]/u.test(word)),
        fc.constantFrom('a', 'x'.repeat(75), 'ü'),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(''));

  it.each(['a message without attachments', 'one with'])('have no line of white space alone: %s', async (what) => {
    const attachments = (filename: string) =>
      what === 'one with'
        ? [{ filename: `a${filename}b`, wire: new Uint8Array(), content_type: null, content_id: null, size: 0 }]
        : [];
    const compared = fc.asyncProperty(runs, runs, runs, runs, async (subject, name, value, filename) => {
      const attached = attachments(filename);
      const email = {
        ...plain,
        subject,
        headers: {
          ...plain.headers,
          from: { email: 'a@example.com', name },
          to: Array(3).fill({ email: 'b@example.com', name }),
        },
        custom_headers: { 'X-A': `a${value}`, References: value },
        attachments: attached,
      };
      const text = (await wholeMessage(composeMessage(email, { read: givenAttachments(attached) }))).toString('latin1');
      for (const head of text.split(/^--.*$/m).map((part) => part.trimStart().split(/\r?\n\r?\n/, 1)[0] ?? ''))
        for (const line of head.split(/\r?\n/)) expect(line).not.toMatch(/^[ \t]+$/);
    });
    await fc.assert(compared, { numRuns: 100 });
  });

  it('keep what fits', async () => {
    const { subject } = await simpleParser(composeMessage({ ...plain, subject: `a${' '.repeat(39)}b` }) as Buffer);
    expect(subject).toBe(`a${' '.repeat(39)}b`);
  });
});

/** Without the boundaries, which are generated, in the order of their appearance. */
function withoutBoundaries(message: Buffer): string {
  const boundaries = [...message.toString('latin1').matchAll(/boundary="(.+?)"/g)].map(([, each = '']) => each);
  return boundaries.reduce(
    (text, boundary, index) => text.replaceAll(boundary, `boundary ${index}`),
    message.toString('latin1'),
  );
}

describe('a message with attachments', () => {
  const attachment = fc.record({
    filename: fc.constantFrom('a.txt', 'ä b.pdf', `${'long '.repeat(40)}.bin`, '日本.png', 'm.eml'),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(57, 114, 115, 57 * 8_192 + 1).map((n) => new Uint8Array(n)),
    ),
    content_type: fc.constantFrom(null, 'image/png', 'text/plain; charset=utf-8'),
    content_id: fc.boolean(),
  });

  /** An empty attachment that is all of a message leaves the line end of its placeholder. */
  const atItsEnd = (message: string) => message.replace(/(\r\n)+$/, '');

  it('is byte for byte what the composer of all messages makes of it, as often as it is read', async () => {
    const compared = fc.asyncProperty(
      messages,
      fc.array(attachment, { minLength: 1, maxLength: 4 }),
      async (email, some) => {
        const contents = some.map(({ bytes }) => Buffer.from(bytes));
        const attachments = some.map(({ bytes: _, content_id, ...each }, index) => ({
          ...each,
          wire: inLines(Buffer.from(contents[index]?.toString('base64') ?? '')) ?? new Uint8Array(),
          content_id: content_id ? `c${index}` : null,
          size: contents[index]?.length ?? 0,
        }));
        const message = composeMessage({ ...email, attachments }, { read: givenAttachments(attachments) });
        const [first, again] = [await wholeMessage(message), await wholeMessage(message)];
        expect(first.equals(again)).toBe(true);
        const composer = await composeWhole(
          { ...email, attachments },
          { text: textOfMessage(email), html: email.html_body ?? undefined, attached: contents },
        );
        expect(atItsEnd(withoutBoundaries(first))).toBe(atItsEnd(withoutBoundaries(await wholeMessage(composer))));
      },
    );
    await fc.assert(compared, { numRuns: 100 });
  });
});

describe('a message with a large text', () => {
  const large = 9_900_000;
  const html = `<p>${'Grüße und mehr, '.repeat(large / 17)}</p>`;

  it.each([
    ['HTML', { text_body: null, html_body: html }],
    ['text', { text_body: html, html_body: null }],
    ['both', { text_body: html, html_body: html }],
  ])('of %s arrives whole, and holds up nobody while it is made', async (_, bodies) => {
    const pieces: number[] = [];
    const read = async () => {
      const message = composeMessage({ ...plain, ...bodies });
      if (Buffer.isBuffer(message)) return message;
      const all: Buffer[] = [];
      for await (const piece of message()) {
        pieces.push(piece.length);
        all.push(piece);
      }
      return Buffer.concat(all);
    };
    const whole = await read();
    expect(await leastTurnMs(read, 100)).toBeLessThanOrEqual(100);
    expect(Math.max(...pieces)).toBeLessThan(100_000);
    const parsed = await simpleParser(whole, { skipTextToHtml: true, skipHtmlToText: true });
    expect(parsed.html || null).toBe(bodies.html_body);
    expect(parsed.text || null).toBe(bodies.text_body);
  });

  it('is the same each time it is read, and has short lines', async () => {
    const message = composeMessage({ ...plain, text_body: 'x'.repeat(256_001), html_body: 'short' });
    const [first, again] = [await wholeMessage(message), await wholeMessage(message)];
    expect(first.equals(again)).toBe(true);
    expect(
      Math.max(
        ...first
          .toString()
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(78);
    expect(composeMessage({ ...plain, text_body: 'x'.repeat(256_000) })).toBeInstanceOf(Buffer);
  });
});

describe('an invitation', () => {
  const ics = ['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'SUMMARY:Grüße', 'END:VCALENDAR', ''].join('\r\n');
  const attached = (content_type: string | null, filename = 'invite.ics') => ({
    filename,
    wire: inLines(Buffer.from(Buffer.from(ics).toString('base64'))) ?? new Uint8Array(),
    content_type,
    content_id: null,
    size: Buffer.byteLength(ics),
  });
  const messageOf = (some: Partial<MessageParts> & { attachments: GivenAttachment[] }) =>
    wholeMessage(composeMessage({ ...plain, ...some }, { read: givenAttachments(some.attachments) })).then(String);
  /** The types of a message's parts, nested. */
  const typesOf = (raw: string) =>
    [...raw.matchAll(/^Content-Type: ([^\r]*(?:\r\n[ \t][^\r]*)*)/gm)].map(([, type = '']) =>
      type.replace(/\r\n/g, '').replace(/;\s*(boundary|name)="?[^;"]*"?/g, ''),
    );

  it.each([
    ['text/calendar; method=REQUEST', 'text/calendar; method=REQUEST; charset=utf-8'],
    ['text/calendar; charset="UTF-8"; method=CANCEL', 'text/calendar; charset=UTF-8; method=CANCEL'],
    ['TEXT/Calendar;component=VEVENT;METHOD="reply"', 'TEXT/Calendar; component=VEVENT; method=reply; charset=utf-8'],
  ])('%s is an alternative to the text, and attached', async (type, alternative) => {
    const raw = await messageOf({ attachments: [attached(type)] });
    expect(typesOf(raw)).toEqual([
      ...['multipart/mixed', 'multipart/alternative', 'text/plain; charset=utf-8', 'text/html; charset=utf-8'],
      ...[alternative, 'application/ics'],
    ]);
    expect(raw).toMatch(/text\/calendar[^\r]*(\r\n[ \t][^\r]*)*\r\nContent-Transfer-Encoding: base64\r\n\r\n/i);
    expect(raw.split(Buffer.from(ics).toString('base64').slice(0, 40))).toHaveLength(3);
    const { attachments, html } = await simpleParser(raw);
    expect(attachments.map(({ content }) => content.toString())).toEqual([ics, ics]);
    expect(html).toBe('<p>Hi</p>');
  });

  it('goes beside a text alone, inline images and other attachments', async () => {
    const image = { ...attached('image/png', 'i.png'), content_id: 'i' };
    const type = 'text/calendar; method=PUBLISH';
    const types = async (some: Parameters<typeof messageOf>[0]) =>
      typesOf(await messageOf(some)).map((each) => each.split(';')[0]);
    expect(await types({ html_body: null, attachments: [attached(type)] })).toEqual([
      ...['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/calendar', 'application/ics'],
    ]);
    expect(await types({ attachments: [image, attached(type), attached(type), attached(null, 'a.pdf')] })).toEqual([
      ...['multipart/mixed', 'multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png'],
      ...['text/calendar', 'application/ics', 'application/ics', 'application/pdf'],
    ]);
  });

  it.each(['text/calendar', 'text/calendar; x-method=REQUEST', 'application/ics; method=REQUEST', null])(
    '%s is attached alone',
    async (type) => {
      const raw = await messageOf({ attachments: [attached(type)] });
      expect(typesOf(raw)).toHaveLength(5);
      expect(raw).toContain(`Content-Type: ${type?.split(';')[0] ?? 'text/calendar'}`);
    },
  );
});
