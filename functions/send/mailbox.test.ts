import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { leastMs } from '../../infra/test/cost.ts';
import { normalizeAddress, normalizeDomain } from '../../lib/mail/address.ts';
import { mailboxText } from '../../lib/mail/mailbox-text.ts';
import { MailboxList, MailboxSchema } from './mailbox.ts';

describe('normalizeAddress', () => {
  it.each([
    ['a@example.com', 'a@example.com'],
    ['First.Last+tag@Sub.Example.COM', 'First.Last+tag@sub.example.com'],
    ["o'brien@example.com", "o'brien@example.com"],
    ['user@exämple.com', 'user@xn--exmple-cua.com'],
    ['user@xn--exmple-cua.com', 'user@xn--exmple-cua.com'],
    ['user@例え.test', 'user@xn--r8jz45g.test'],
    ['jörg@example.com', 'jörg@example.com'],
    ['jo\u0308rg@example.com', 'jörg@example.com'],
    ['Jane@Example.COM.', 'Jane@example.com'],
    ['a@XN--EXMPLE-CUA.com', 'a@xn--exmple-cua.com'],
    ['a@EXÄMPLE.com', 'a@xn--exmple-cua.com'],
    ['a@exa\u0308mple。com', 'a@xn--exmple-cua.com'],
    ['用户@例え.test', '用户@xn--r8jz45g.test'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('takes %s', (text, address) => {
    expect(normalizeAddress(text)).toBe(address);
  });

  it.each([
    ['empty', ''],
    ['no at', 'example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'a@'],
    ['no dot', 'a@localhost'],
    ['two at', 'a@b@example.com'],
    ['a list', 'a@example.com,b@example.com'],
    ['a list with semicolon', 'a@example.com;b@example.com'],
    ['a space', 'a b@example.com'],
    ['CRLF', 'a@example.com\r\nBcc: x@example.com'],
    ['LF in the local part', 'a\n@example.com'],
    ['NUL', 'a\0@example.com'],
    ['a command after it', 'a@example.com>\r\nRCPT TO:<b@example.com'],
    ['angle brackets', '<a@example.com>'],
    ['a quoted local part', '"a@b"@example.com'],
    ['a comment', 'a(comment)@example.com'],
    ['a route', '@a.test:b@example.com'],
    ['percent in the domain', 'a@exam%70le.com'],
    ['a port', 'a@example.com:25'],
    ['an address literal', 'a@[192.0.2.1]'],
    ['a numeric top level', 'a@192.0.2.1'],
    ['leading dot', '.a@example.com'],
    ['double dot', 'a..b@example.com'],
    ['empty label', 'a@example..com'],
    ['empty label at the end', 'a@example.com..'],
    ['the root alone', 'a@.'],
    ['hyphen at an end', 'a@-example.com'],
    ['a soft hyphen', 'a@exam\u00adple.com'],
    ['a zero-width space', 'a@exam\u200bple.com'],
    ['a fullwidth at', 'a＠example.com'],
    ['a zero-width space in the local part', 'a\u200bb@example.com'],
    ['a change of direction in the local part', 'a\u202eb@example.com'],
    ['a no-break space in the local part', 'a\u00a0b@example.com'],
    ['a fullwidth at in the local part', 'a＠x.test@example.com'],
    ['a local part too long in UTF-8', `${'ö'.repeat(33)}@example.com`],
    ['a local part too long', `${'a'.repeat(65)}@example.com`],
    ['too long', `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(20)}.com`],
  ])('refuses %s', (_what, text) => {
    expect(normalizeAddress(text)).toBeUndefined();
  });
});

it.each([
  ['combining marks', `${'\u0301\u0323'.repeat(30_000)}@example.com`],
  ['letters that IDNA maps', `a@${'ä.'.repeat(30_000)}com`],
  ['spaces', ' '.repeat(60_000)],
  ['characters @', '@'.repeat(60_000)],
])('%s beyond all bounds are no address, before anything looks at them', (_what, text) => {
  const normalize = () => [normalizeAddress(text), normalizeDomain(text)];
  expect(normalize()).toEqual([undefined, undefined]);
  // Composed, the marks take half a second.
  expect(leastMs(normalize, 50)).toBeLessThanOrEqual(50);
});

describe('MailboxSchema', () => {
  it.each([
    ['a@example.com', { email: 'a@example.com' }],
    ['Zoë Ä <a@example.com>', { email: 'a@example.com', name: 'Zoë Ä' }],
    ['"Last, First" <a@example.com>', { email: 'a@example.com', name: 'Last, First' }],
    ['"Jane \\"JJ\\" Doe" <a@example.com>', { email: 'a@example.com', name: 'Jane "JJ" Doe' }],
    ['"a\\\\b: c; <d@e.test>, (f)"<a@example.com>', { email: 'a@example.com', name: 'a\\b: c; <d@e.test>, (f)' }],
    ['" Jane " <a@example.com>', { email: 'a@example.com', name: 'Jane' }],
    ['"" <a@example.com>', { email: 'a@example.com' }],
    [
      { email: 'a@example.com', name: ' Jane ' },
      { email: 'a@example.com', name: 'Jane' },
    ],
    [{ email: 'a@example.com', name: ' ' }, { email: 'a@example.com' }],
    ['<a@example.com>', { email: 'a@example.com' }],
    [
      { email: 'a@example.com', name: 'A' },
      { email: 'a@example.com', name: 'A' },
    ],
    [{ email: 'a@example.com', name: null }, { email: 'a@example.com' }],
    [{ email: 'a@example.com' }, { email: 'a@example.com' }],
  ])('takes %j', (input, mailbox) => {
    expect(v.parse(MailboxSchema, input)).toEqual(mailbox);
  });

  it.each([
    ['a@example.com, b@example.com'],
    ['A <a@example.com>, B <b@example.com>'],
    ['A <a@example.com> <b@example.com>'],
    ['A\r\nBcc: b@example.com <a@example.com>'],
    ['Last, First <a@example.com>'],
    ['"A" <a@example.com>, "B" <b@example.com>'],
    ['"A <a@example.com>'],
    ['"A"B" <a@example.com>'],
    ['"A\\" <a@example.com>'],
    ['"A" B <a@example.com>'],
    ['"A\\\r\nBcc: b@example.com" <a@example.com>'],
    [`"${'\\"'.repeat(257)}" <a@example.com>`],
    [{ email: 'a@example.com', name: 'A\r\nBcc: b@example.com' }],
    [{ email: 'a@example.com', extra: 1 }],
    [{ email: ['a@example.com'] }],
    // Local parts in which mail systems read more than a name: routes, and words that readers decode.
    ['=?utf-8?q?x?=@example.com'],
    ['=?utf-8?b?eA==?=@example.com'],
    ['a=?x@example.com'],
    ['a%b.example@example.com'],
    ['A <a%b@example.com>'],
    ['b.example!a@example.com'],
    ['b!c!a@example.com'],
    [{ email: 'a%40b.example@example.com' }],
    [{ email: 'a!b@example.com', name: 'A' }],
    ['@b.example:a@example.com'],
    ['@b.example,@c.example:a@example.com'],
    ['"a@b.example"@example.com'],
    ['=?utf-8?q?=0d=0aBcc:_x?= <a@example.com>'],
    [{ name: 'A' }],
    [['a@example.com']],
    [42],
    [null],
    [undefined],
  ])('refuses %j', (input) => {
    expect(v.is(MailboxSchema, input)).toBe(false);
  });
});

describe('MailboxList', () => {
  it('makes a list of one, or takes a list', () => {
    expect(v.parse(MailboxList, 'a@example.com')).toEqual([{ email: 'a@example.com' }]);
    expect(v.parse(MailboxList, ['a@example.com', { email: 'b@example.com' }])).toHaveLength(2);
  });
});

describe('what GET shows of a mailbox', () => {
  const names = fc
    .oneof(
      fc.string({ unit: 'grapheme', maxLength: 256 }),
      fc
        .array(fc.constantFrom('"', '\\', ',', ':', ';', '<', '>', '@', '(', ')', ' ', 'a', 'ü', '.'), {
          maxLength: 30,
        })
        .map((all) => all.join('')),
    )
    .filter((name) => v.is(MailboxSchema, { email: 'a@example.com', name }));

  it('is taken back, and is the same', () => {
    const property = fc.property(names, (name) => {
      const mailbox = v.parse(MailboxSchema, { email: 'a@example.com', name });
      expect(v.parse(MailboxSchema, mailboxText(mailbox))).toEqual(mailbox);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('has quotes only where they are needed', () => {
    const shown = (name: string) => mailboxText({ email: 'a@example.com', name });
    expect([shown('Zoë Ä.'), shown('Doe, J'), shown('Support: x'), shown('a "b"')]).toEqual([
      ...['Zoë Ä. <a@example.com>', '"Doe, J" <a@example.com>', '"Support: x" <a@example.com>'],
      '"a \\"b\\"" <a@example.com>',
    ]);
  });
});
