// Header fields as they travel, read back by another's parser and as bytes.
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { encodedWords } from './encoded-words.ts';
import { addressField, fitsLines, headerField } from './header-fields.ts';

/** RFC 5322 §2.2.3: only the line breaks go. */
function unfolded(field: string): string {
  return field.replace(/\r\n(?=[ \t])/g, '').replace(/\r\n$/, '');
}

/** What all fields have in common: their lines are short enough and say something, and those with encoded words have 76 characters. */
function expectLines(field: string): void {
  expect(field.endsWith('\r\n')).toBe(true);
  const lines = field.slice(0, -2).split('\r\n');
  for (const [index, line] of lines.entries()) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998);
    expect(line).toMatch(index === 0 ? /^[A-Za-z-]+: ?\S/ : /^[ \t]+\S/);
    if (line.includes('=?UTF-8?')) expect(line.length).toBeLessThanOrEqual(76);
  }
  for (const word of field.match(/=\?UTF-8\?[QB]\?[^?]*\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75);
}

describe('ASCII', () => {
  const long = 'x'.repeat(300);
  it.each([
    ['List-Id', '"News" <n.example.com>'],
    ['List-Id', '"News, all \\"the\\" best" <n.example.com>'],
    ['List-Post', 'NO (posting not allowed on this "list")'],
    ['List-Post', '<mailto:list@example.com?subject="x">'],
    ['List-Owner', '<mailto:o@example.com> (Contact "Jane")'],
    ['List-Unsubscribe', '<https://example.com/u?who="7">, <mailto:u@example.com?subject="off">'],
    ['List-Unsubscribe', `<https://example.com/${long}>`],
    ['List-Unsubscribe', `<https://example.com/${long}>, <mailto:u@example.com?subject=${long}>`],
    ['List-Archive', `<https://example.com/${long}>`],
    ['Keywords', 'first, "second, third", fourth'],
    ['Disposition-Notification-To', '"Doe, Jane" <jane@example.com>, <b@example.com>'],
    ['Return-Receipt-To', '"J" <jane@example.com>'],
    ['Mail-Followup-To', '"A" <a@example.com>, "B" <b@example.com>'],
    ['Disposition-Notification-Options', 'signed-receipt-protocol=optional,"x"'],
    ['Auto-Submitted', 'auto-replied; owner-email="a@example.com"'],
    ['Feedback-ID', 'a:b:c:"d"'],
    ['Autocrypt', `addr=a@example.com; prefer-encrypt="mutual"; keydata=${long}`],
    ['References', Array.from({ length: 30 }, (_, index) => `<${index}.${'m'.repeat(20)}@example.com>`).join(' ')],
    ['In-Reply-To', `<${'m'.repeat(250)}@example.com>`],
    ['X-SMTPAPI', '{"category": "a", "to": ["x", "y"], "sub": {":n": ["\\"q\\""]}}'],
    ['X-MC-Metadata', `{"k":"${long}${long}"}`],
    ['X-Quoted', 'he said "yes", \\ and <went>'],
    ['X-Token', 'y'.repeat(980)],
    ['Comments', `a${' '.repeat(39)}b "c"`],
    ['Subject', 'a "quoted" subject (twice) <so>'],
    ['Subject', 'many words '.repeat(80).trim()],
  ])('goes as it is: %s: %s', (name, value) => {
    const field = headerField(name, value);
    expectLines(field);
    expect(unfolded(field)).toBe(`${name}: ${value}`);
  });

  it('gets the brackets that a message id has', () => {
    expect(headerField('References', 'a@b.test <c@d.test>')).toBe('References: a@b.test <c@d.test>\r\n');
    expect(headerField('In-Reply-To', 'a@b.test')).toBe('In-Reply-To: <a@b.test>\r\n');
    expect(headerField('references', 'a@b.test  c@d.test')).toBe('references: <a@b.test>  <c@d.test>\r\n');
  });

  it.each([989, 990, 998])('a subject that is one word of %d letters', async (length) => {
    const subject = 's'.repeat(length);
    const field = headerField('Subject', subject);
    expectLines(field);
    expect(field.includes('=?')).toBe(length > 989);
    expect((await simpleParser(`${field}\r\n`)).subject).toBe(subject);
  });

  it('is nothing where there is nothing', () => {
    expect([headerField('X-A', ' '), addressField('To', [])]).toEqual(['', '']);
  });
});

describe('text of other scripts', () => {
  it.each([
    ['List-Id', '"Grüße, alle" <n.exämple.com>', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe=2C_alle?= <n.xn--exmple-cua.com>'],
    ['List-Id', 'Grüße an "alle" <n.example.com>', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an_alle?= <n.example.com>'],
    ['Keywords', 'a, "b, c", Grüße', 'a, "b, c", =?UTF-8?Q?Gr=C3=BC=C3=9Fe?='],
    ['List-Post', 'NO (für "alle")', 'NO (=?UTF-8?Q?f=C3=BCr_=22alle=22?=)'],
    ['List-Help', '<https://exämple.com/ü?x="ä">', '<https://xn--exmple-cua.com/%C3%BC?x=%22%C3%A4%22>'],
    ['List-Owner', '<mailto:jörg@example.com>', '<mailto:j%C3%B6rg@example.com>'],
    ['Return-Receipt-To', 'Ä <a@exämple.com>', '=?UTF-8?B?w4Q=?= <a@xn--exmple-cua.com>'],
    // A local part has no other form: it needs SMTPUTF8.
    ['Disposition-Notification-To', 'jörg@exämple.com', 'jörg@xn--exmple-cua.com'],
    ['X-SMTPAPI', '{"category":"Grüße 🎉"}', '{"category":"Gr\\u00fc\\u00dfe \\ud83c\\udf89"}'],
    ['X-Tags', '["ä", "b"]', '["\\u00e4", "b"]'],
    ['X-Note', '{ no JSON ü }', '=?UTF-8?Q?=7B_no_JSON_=C3=BC_=7D?='],
    ['Organization', 'Häuser "am" See', '=?UTF-8?Q?H=C3=A4user_=22am=22_See?='],
  ])('%s: %s', (name, value, written) => {
    const field = headerField(name, value);
    expectLines(field);
    expect(unfolded(field)).toBe(`${name}: ${written}`);
  });

  it('JSON that grows beyond a line is broken between its members', () => {
    const json = JSON.stringify(Array.from({ length: 60 }, (_, index) => `Grüße ${index},"`));
    expect(Buffer.byteLength(json)).toBeLessThan(990);
    const field = headerField('X-List', json);
    expectLines(field);
    expect(JSON.parse(unfolded(field).slice('X-List: '.length))).toEqual(JSON.parse(json));
    expect(fitsLines(headerField('X-List', JSON.stringify(['ü'.repeat(400)])))).toBe(false);
  });

  const text = fc
    .oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.lorem({ maxCount: 60 }),
      fc.constantFrom('=?utf-8?q?x?=', '🎉'.repeat(200)),
    )
    .map((given) => given.replace(/[\p{Cc}\u2028\u2029]/gu, '').trim());

  it('reads as it was written', async () => {
    const compared = fc.asyncProperty(text, text, async (subject, name) => {
      const from = name === '' ? { email: 'a@example.com' } : { email: 'a@example.com', name };
      const fields = [headerField('Subject', subject), addressField('To', [from, { email: 'b@example.com' }, from])];
      for (const field of fields.filter(Boolean)) expectLines(field);
      const parsed = await simpleParser(`${fields.join('')}\r\n`);
      expect((parsed.subject ?? '').normalize()).toBe(subject.normalize());
      const [first, ...others] = [parsed.to].flat()[0]?.value ?? [];
      expect(first).toMatchObject({ address: 'a@example.com' });
      expect(others).toHaveLength(2);
    });
    await fc.assert(compared, { numRuns: 300 });
  });

  it('in encoded words of whole characters, the first one short behind a long name', () => {
    const words = encodedWords('日本語🎉'.repeat(60), 40).split(' ');
    expect(words[0]?.length).toBeLessThanOrEqual(40);
    for (const word of words) {
      const [, base64 = ''] = /^=\?UTF-8\?B\?(.*)\?=$/.exec(word) ?? [];
      expect(Buffer.from(base64, 'base64').toString()).not.toContain('\ufffd');
    }
    expect(headerField(`X-${'A'.repeat(60)}`, 'ü'.repeat(100)).split('\r\n')[0]?.length).toBeLessThanOrEqual(90);
  });
});

describe('addresses', () => {
  it('have names as words, as quoted strings or as encoded words', () => {
    const names = ['Jane Doe', 'Doe, Jane', 'a "b" \\c', 'x: y; (z)', 'J. Doe', 'A  B', 'Zoë', '=?utf-8?q?x?='];
    const field = addressField(
      'To',
      names.map((name) => ({ email: 'a@example.com', name })),
    );
    expectLines(field);
    expect(unfolded(field)).toBe(
      'To: Jane Doe <a@example.com>, "Doe, Jane" <a@example.com>, "a \\"b\\" \\\\c" <a@example.com>,' +
        ' "x: y; (z)" <a@example.com>, "J. Doe" <a@example.com>, "A  B" <a@example.com>,' +
        ' =?UTF-8?Q?Zo=C3=AB?= <a@example.com>, =?UTF-8?Q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= <a@example.com>',
    );
  });

  it('are a list of short lines, however many there are', async () => {
    const many = Array.from({ length: 50 }, (_, index) => ({
      email: `${'l'.repeat(60)}${index}@${'d'.repeat(60)}.example.com`,
      name: `${'N'.repeat(200)} ${index}, "x"`,
    }));
    const field = addressField('Reply-To', many);
    expectLines(field);
    const parsed = await simpleParser(`${field}\r\n`);
    expect(parsed.replyTo?.value.map(({ address, name }) => ({ email: address, name }))).toEqual(many);
  });
});
