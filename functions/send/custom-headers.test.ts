import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { CustomHeaders, headerFault } from './custom-headers.ts';

describe('headerFault', () => {
  it.each([
    ['X-Order', '7'],
    ['X-Greeting', 'Grüße an Zoë'],
    ['In-Reply-To', '<a@example.com>'],
    ['References', '<a@example.com> <b@example.com>'],
    ['Auto-Submitted', 'auto-generated'],
    ['List-Id', 'News <news.example.com>'],
    ['List-Unsubscribe', '<https://example.com/u?id=7>, <mailto:u@example.com?subject=7>'],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ['Tonic', 'begins like To'],
  ])('takes %s: %s', (name, value) => {
    expect(headerFault(name, value)).toBeUndefined();
  });

  it.each([
    ...['From', 'to', 'CC', 'bCC', 'Sender', 'Reply-To', 'Return-Path', 'Received', 'Received-SPF', 'Subject', 'Date'],
    ...['Message-ID', 'message-id', 'MIME-Version', 'Content-Type', 'CONTENT-TRANSFER-ENCODING', 'Content-Anything'],
    ...['DKIM-Signature', 'dkim-anything', 'ARC-Seal', 'ARC-Authentication-Results', 'Authentication-Results'],
    ...['Resent-To', 'DomainKey-Signature', 'Delivered-To', 'Apparently-To', 'Errors-To', 'TLS-Required'],
  ])('does not let callers set %s', (name) => {
    expect(headerFault(name, 'x')).toBe('is a header that callers may not set');
  });

  it.each([
    ['an empty name', '', 'x'],
    ['a colon in the name', 'X:Bcc', 'x'],
    ['a space in the name', 'X Order', 'x'],
    ['CRLF in the name', 'X-A\r\nBcc', 'x'],
    ['a name beyond ASCII', 'X-Ordér', 'x'],
    ['a name that JavaScript reserves', '__proto__', 'x'],
    ['a name too long', `X-${'a'.repeat(80)}`, 'x'],
    ['CRLF', 'X-A', 'x\r\nBcc: b@example.com'],
    ['CRLF and a space', 'X-A', 'x\r\n folded'],
    ['a bare LF', 'X-A', 'x\nBcc: b@example.com'],
    ['a bare CR', 'X-A', 'x\rBcc: b@example.com'],
    ['NUL', 'X-A', 'x\0'],
    ['a next-line character', 'X-A', 'x\u0085Bcc: b@example.com'],
    ['a line separator', 'X-A', 'x\u2028Bcc: b@example.com'],
    ['half a surrogate pair', 'X-A', '\ud800'],
    ['an encoded word', 'X-A', '=?utf-8?Q?x=0D=0ABcc:_b@example.com?='],
    ['nothing', 'X-A', ' '],
    ['more than a line holds', 'X-A', 'a'.repeat(994)],
    ['no address to unsubscribe', 'List-Unsubscribe', 'https://example.com'],
    ['a script to unsubscribe', 'List-Unsubscribe', '<javascript:alert(1)>'],
    ['another click', 'List-Unsubscribe-Post', 'List-Unsubscribe=Two-Clicks'],
  ])('refuses %s', (_what, name, value) => {
    expect(headerFault(name, value)).toBeTypeOf('string');
  });
});

describe('CustomHeaders', () => {
  const post = { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
  const twoAddresses = { 'List-Unsubscribe': '<https://u.test/7>, <https://u.test/8>' };
  it.each<[string, unknown, boolean]>([
    ['strings', { 'X-A': 'a', 'X-B': 'b' }, true],
    ['one click', { ...post, 'list-unsubscribe': '<mailto:u@example.com>, <https://u.test/7>' }, true],
    ['one click without an address', post, false],
    ['one click with two https addresses', { ...post, ...twoAddresses }, false],
    ['one click without TLS', { ...post, 'List-Unsubscribe': '<http://u.test/7>' }, false],
    ['a name twice', { 'X-A': 'a', 'x-a': 'b' }, false],
    ['a number', { 'X-A': 1 }, false],
    ['a list of values', { 'X-A': ['a'] }, false],
    ['a list', [{ name: 'X-A', value: 'a' }], false],
    ['51 of them', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`X-${n}`, 'a'])), false],
    ['__proto__', JSON.parse('{"__proto__":"a"}'), false],
  ])('%s', (_what, headers, taken) => {
    expect(v.is(CustomHeaders, headers)).toBe(taken);
  });
});
