import { describe, expect, it } from 'vitest';
import { ApiError } from '../../lib/errors.ts';
import { parseEmailRequest } from './email-request.ts';

const full = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const original = {
  email: 'sender@example.com',
  name: 'Sender',
  to_name: 'Receiver',
  to_email: 'receiver@example.com',
  subject: 'Hello',
};

function faultsOf(body: unknown) {
  try {
    parseEmailRequest(body);
  } catch (error) {
    if (error instanceof ApiError)
      return { code: error.code, paths: error.errors?.map(({ path }) => path), message: error.message };
    throw error;
  }
  return undefined;
}

describe('parseEmailRequest', () => {
  it('reads the full form', () => {
    expect(parseEmailRequest({ ...full, cc: ['C <c@example.com>'], reply_to: { email: 'r@example.com' } })).toEqual({
      from: { email: 'a@example.com' },
      to: [{ email: 'b@example.com' }],
      cc: [{ email: 'c@example.com', name: 'C' }],
      bcc: [],
      reply_to: [{ email: 'r@example.com' }],
      subject: 'Hello',
      text: 'Hi',
    });
  });

  it('reads the original form and renders its default body, with names escaped', () => {
    const { from, to, text, html } = parseEmailRequest({ ...original, to_name: '<b>Rec & Co</b>' });
    expect(from).toEqual({ email: 'sender@example.com', name: 'Sender' });
    expect(to).toEqual([{ email: 'receiver@example.com', name: '<b>Rec & Co</b>' }]);
    expect(text).toContain('Hello <b>Rec & Co</b>');
    expect(html).toContain('Hello &lt;b&gt;Rec &amp; Co&lt;/b&gt;');
  });

  it('keeps content given in the original form', () => {
    const { text, html } = parseEmailRequest({ ...original, text: 'mine' });
    expect({ text, html }).toEqual({ text: 'mine', html: undefined });
  });

  it.each<[string, unknown, string[], string?]>([
    ['every missing field at once', { cc: [] }, ['from', 'to', 'subject'], 'missing_required_field'],
    ['missing content', { ...full, text: undefined }, ['text'], 'missing_required_field'],
    ['missing fields of the original form', { name: 'A' }, ['email', 'to_email', 'subject'], 'missing_required_field'],
    ['unknown fields', { ...full, form: 1, txt: 2 }, ['form', 'txt']],
    ['both forms mixed', { ...original, from: 'a@example.com' }, ['from']],
    ['an array where a string belongs', { ...full, subject: ['Hello'] }, ['subject']],
    ['an object where a string belongs', { ...full, text: {} }, ['text']],
    ['a number where an address belongs', { ...full, to: 1 }, ['to']],
    ['an empty list', { ...full, to: [] }, ['to']],
    ['a bad one in a list', { ...full, to: ['b@example.com', 'nope', { email: 'x' }] }, ['to[1]', 'to[2].email']],
    ['CRLF in the subject', { ...full, subject: 'Hi\r\nBcc: x@example.com' }, ['subject']],
    ['CRLF in a name of the original form', { ...original, name: 'A\nB' }, ['name']],
    ['NUL in the text', { ...full, text: 'a\0b' }, ['text']],
    ['half a surrogate pair', { ...full, text: 'a\ud800' }, ['text']],
    ['a subject too long', { ...full, subject: 'a'.repeat(999) }, ['subject']],
    ['too many recipients', { ...full, to: Array.from({ length: 51 }, (_, n) => `r${n}@example.com`) }, ['to']],
    ['a list as the body', [full], ['']],
    ['null as the body', null, ['']],
    ['text as the body', 'hello', ['']],
    [
      'a __proto__ field',
      JSON.parse('{"__proto__":{"from":"a@example.com"},"subject":"x"}'),
      ['from', 'to'],
      'missing_required_field',
    ],
  ])('names %s', (_what, body, paths, code = 'validation_error') => {
    const faults = faultsOf(body);
    expect(faults?.code).toBe(code);
    expect(faults?.paths).toEqual(expect.arrayContaining(paths));
  });
});
