// Whatever comes, reading it looks at no more than its bounds allow, and ends with an answer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesIn } from './addresses.ts';
import { bounds } from './bounds.ts';
import { readDeliveryStatus } from './delivery-status.ts';
import { splitMessage } from './mime-parts.ts';
import { recipientsIn } from './notice-recipients.ts';
import { readReport } from './read-report.ts';

const kinds = ['bounce', 'delay', 'delivery', 'complaint', 'auto_reply', 'unreadable'];
const from = 'From: MAILER-DAEMON@example.com\r\nSubject: failure notice\r\n';
const group = (index: number) =>
  `Final-Recipient: rfc822; a${index}@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n`;
const many = (count: number, one: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => one(index)).join('');
const report = `${from}Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n`;

/** Large ones, by what they have too much of. */
const floods: Record<string, string> = {
  octets: `${report}${group(1)}--b\r\nContent-Type: message/rfc822\r\n\r\n${'x'.repeat(25_000_000)}`,
  parts: `${report}${group(1)}${many(10_000, () => '--b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n')}--b--\r\n`,
  'parts of parts': `From: a@example.com\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n${many(40, (index) => `--a\r\nContent-Type: multipart/mixed; boundary=b${index}\r\n\r\n${many(40, () => `--b${index}\r\n\r\nSorry\r\n`)}--b${index}--\r\n`)}--a--\r\n`,
  recipients: `${report}${many(10_000, group)}--b--\r\n`,
  'recipients in words': `${from}\r\n${many(10_000, (index) => `<a${index}@example.test>:\r\n550 no\r\n`)}`,
  'recipients in the head': `${from}X-Failed-Recipients: ${many(10_000, (index) => `a${index}@example.test, `)}\r\n\r\nSorry\r\n`,
  depth: many(5_000, (index) => `Content-Type: multipart/mixed; boundary=b${index}\r\n\r\n--b${index}\r\n`),
  'one boundary in itself': many(5_000, () => 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'),
  fields: `${many(100_000, (index) => `X-${index}: a\r\n`)}\r\n`,
  'one field': `${from}X: ${'a '.repeat(1_000_000)}\r\n\r\nSorry\r\n`,
  'folded lines': `${from}X: a\r\n${' a\r\n'.repeat(500_000)}\r\nSorry\r\n`,
  'one line': `${from}\r\n${'user '.repeat(500_000)}`,
  lines: `${from}\r\n${'a@example.test\r\n'.repeat(100_000)}`,
  'empty lines': '\r\n'.repeat(1_000_000),
  'at signs': `${from}\r\n${'@'.repeat(1_000_000)}`,
  'addresses without an end': `${from}\r\n${'a@'.repeat(500_000)}`,
  tags: `${from}Content-Type: text/html\r\n\r\n${'<'.repeat(500_000)}`,
  entities: `${from}Content-Type: text/html\r\n\r\n${'&'.repeat(500_000)}`,
  'encoded words': `${from.replace('failure notice', '=?utf-8?q?a?= '.repeat(100_000))}\r\n`,
  'half encoded words': `${from.replace('failure notice', '=?utf-8?q?'.repeat(100_000))}\r\n`,
  'bad base64': `${from}Content-Transfer-Encoding: base64\r\n\r\n${'*?='.repeat(500_000)}`,
  'soft line breaks': `${from}Content-Transfer-Encoding: quoted-printable\r\n\r\n${'= \t\r\n'.repeat(200_000)}`,
  'escapes of a charset': `${from}Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n${'\x1b$B'.repeat(300_000)}`,
  boundaries: `${from}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--bb\r\n'.repeat(200_000)}`,
  JSON: `From: a@example.com\r\n\r\n{"notificationType":${'['.repeat(500_000)}`,
  'lone carriage returns': `${from}\r\n${'\r'.repeat(1_000_000)}`,
  'null octets': '\0'.repeat(1_000_000),
};

describe('too much of', () => {
  it.each(Object.entries(floods))('%s', (_what, text) => {
    const message = Buffer.from(text, 'latin1');
    const { parts } = splitMessage(message);
    expect(parts.length).toBeLessThanOrEqual(bounds.parts);
    const read = readReport(message);
    expect(read.recipients.length).toBeLessThanOrEqual(bounds.recipients);
    expect(read.email.message_ids.length).toBeLessThanOrEqual(5);
    // The same as of what is within the bound alone: nothing behind it was looked at.
    expect(read).toEqual(readReport(message.subarray(0, bounds.octets)));
  });

  it.each(['octets', 'parts', 'recipients', 'recipients in words'])('%s: what was before the bound is read', (what) => {
    expect(readReport(Buffer.from(floods[what] ?? ''))).toMatchObject({ kind: 'bounce' });
  });

  it('octets: what is behind the bound is not there', () => {
    const filler = `--b\r\nContent-Type: text/plain\r\n\r\n${'x'.repeat(bounds.octets)}\r\n`;
    const behind = `--b\r\nContent-Type: message/delivery-status\r\n\r\n${group(2)}--b--\r\n`;
    const { recipients } = readReport(Buffer.from(`${report}${group(1)}${filler}${behind}`));
    expect(recipients.map(({ recipient }) => recipient)).toEqual(['a1@example.test']);
  });

  it('recipients: no more are weighed', () => {
    expect(readDeliveryStatus(many(10_000, group).replaceAll('\r', '')).recipients).toHaveLength(bounds.recipients);
    const lines = Array.from({ length: 900 }, (_, index) => `<a${index}@example.test>: 550 no`);
    expect(recipientsIn(lines, new Set())).toHaveLength(bounds.recipients);
  });

  it('fields: no more are kept, and none longer', () => {
    const { fields } = splitMessage(Buffer.from(floods.fields ?? ''));
    expect(fields.size).toBe(bounds.fields);
    for (const what of ['one field', 'folded lines'])
      for (const [value = ''] of splitMessage(Buffer.from(floods[what] ?? '')).fields.values())
        expect(value.length).toBeLessThanOrEqual(bounds.fieldCharacters);
  });
});

describe('any octets', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'From: MAILER-DAEMON@example.com',
      'Content-Type: multipart/report; boundary=b',
      'Content-Type: message/delivery-status',
      'Content-Type: text/html; charset=utf-16',
      'Content-Transfer-Encoding: base64',
      'Final-Recipient: rfc822; a@example.test',
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550',
      'Feedback-Type: abuse',
      '--b',
      '--b--',
      '',
      ' folded',
      '<a@example.test>:',
      '{"notificationType":"Bounce","bounce":{}}',
      '\x1b$B',
      '=?utf-8?b?////?=',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );

  it('end with an answer of the promised form', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        const { kind, recipients } = readReport(Buffer.from(lines.join(end)));
        expect(kinds).toContain(kind);
        for (const { recipient, text, hard, outcome } of recipients) {
          expect(recipient).toContain('@');
          expect((text ?? '').length).toBeLessThanOrEqual(1_000);
          expect(text ?? '').not.toMatch(/\p{Cc}/u);
          if (hard) expect(outcome).toBe('bounced');
        }
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (octets) => {
        expect(kinds).toContain(readReport(Buffer.from(octets)).kind);
      }),
      { numRuns: 200 },
    );
  });

  it('addresses are found as they are written', () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.constantFrom('<', ' ', '(', '"', ''), (address, before) => {
        const local = address.slice(0, address.indexOf('@'));
        fc.pre(!/^['.*=]|[|]/.test(local));
        expect(addressesIn(`to ${before}${address}> .`)).toEqual([address]);
      }),
    );
  });
});
