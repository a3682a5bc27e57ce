import { describe, expect, it } from 'vitest';
import { ApiError } from '../../lib/http/errors.ts';
import { parseEmailRequest } from './email-request.ts';

const full = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const original = {
  email: 'sender@example.com',
  name: 'Sender',
  to_name: 'Receiver',
  to_email: 'receiver@example.com',
  subject: 'Hello',
};

const now = new Date('2026-01-31T12:00:00Z');
const parseAt = (body: unknown) => parseEmailRequest(body, now);

function faultsOf(body: unknown) {
  try {
    parseAt(body);
  } catch (error) {
    if (error instanceof ApiError)
      return { code: error.code, paths: error.errors?.map(({ path }) => path), message: error.message };
    throw error;
  }
  return undefined;
}

describe('parseEmailRequest', () => {
  it('reads the full form', () => {
    expect(parseAt({ ...full, cc: ['C <c@example.com>'], reply_to: { email: 'r@example.com' } })).toEqual({
      from: { email: 'a@example.com' },
      to: [{ email: 'b@example.com' }],
      cc: [{ email: 'c@example.com', name: 'C' }],
      bcc: [],
      reply_to: [{ email: 'r@example.com' }],
      subject: 'Hello',
      text: 'Hi',
      attachments: [],
      headers: {},
      tags: [],
      metadata: {},
      lane: 'transactional',
      delivery: 'at_least_once',
    });
  });

  it('reads when and how to deliver; a time that has passed means now', () => {
    const later = {
      scheduled_at: '2026-01-31T14:00:00+01:00',
      expires_at: '2026-02-01T00:00Z',
      lane: 'bulk',
      delivery: 'at_most_once',
    };
    expect(parseAt({ ...full, ...later })).toMatchObject({
      scheduled_at: new Date('2026-01-31T13:00:00Z'),
      expires_at: new Date('2026-02-01T00:00:00Z'),
      lane: 'bulk',
      delivery: 'at_most_once',
    });
    expect(parseAt({ ...full, scheduled_at: '2026-01-31T11:59:00Z' }).scheduled_at).toBeUndefined();
  });

  it('reads the original form and renders its default body, with names escaped', () => {
    const { from, to, text, html } = parseAt({ ...original, to_name: '<b>Rec & Co</b>' });
    expect(from).toEqual({ email: 'sender@example.com', name: 'Sender' });
    expect(to).toEqual([{ email: 'receiver@example.com', name: '<b>Rec & Co</b>' }]);
    expect(text).toContain('Hello <b>Rec & Co</b>');
    expect(html).toContain('Hello &lt;b&gt;Rec &amp; Co&lt;/b&gt;');
  });

  it('takes a template in place of content, in both forms, by name or id and version', () => {
    const { subject: _, text: __, ...addressed } = full;
    const id = '019b0000-0000-7000-8000-000000000000';
    const use = (template: unknown, data?: object) => parseAt({ ...addressed, template, data }).template;
    expect(use('welcome')).toEqual({ template: 'welcome', version: null, data: {} });
    expect(use({ name: 'welcome', version: 3 }, { a: 1 })).toEqual({ template: 'welcome', version: 3, data: { a: 1 } });
    expect(use({ id })).toEqual({ template: id, version: null, data: {} });
    expect(parseAt({ ...full, text: undefined, template: id }).subject).toBe('Hello');
    const { text, html, template } = parseAt({ ...original, template: 'welcome', data: { a: null } });
    expect({ text, html, template }).toMatchObject({
      text: undefined,
      html: undefined,
      template: { data: { a: null } },
    });
  });

  it('keeps content given in the original form', () => {
    const { text, html } = parseAt({ ...original, text: 'mine' });
    expect({ text, html }).toEqual({ text: 'mine', html: undefined });
  });

  it.each<[string, unknown, string[], string?]>([
    ['every missing field at once', { cc: [] }, ['from', 'to', 'subject'], 'missing_required_field'],
    ['missing content', { ...full, text: undefined }, ['text'], 'missing_required_field'],
    ['missing fields of the original form', { name: 'A' }, ['email', 'to_email', 'subject'], 'missing_required_field'],
    ['a template beside content', { ...full, html: 'x', template: 'welcome' }, ['text', 'html']],
    ['data without a template', { ...full, data: {} }, ['data']],
    ['a template with no name', { ...full, text: undefined, template: 'no name' }, ['template']],
    ['a template with both', { ...full, text: undefined, template: { name: 'a', id: 'b' } }, ['template']],
    [
      'a version that is none',
      { ...full, text: undefined, template: { name: 'a', version: 0.5, x: 1 } },
      ['template.version', 'template.x'],
    ],
    ['data that is no object', { ...full, text: undefined, template: 'a', data: [] }, ['data']],
    ['data too large', { ...full, text: undefined, template: 'a', data: { a: 'x'.repeat(100_000) } }, ['data']],
    [
      'data too deep',
      { ...full, text: undefined, template: 'a', data: JSON.parse(`${'{"a":'.repeat(22)}1${'}'.repeat(22)}`) },
      ['data'],
    ],
    ['unknown fields', { ...full, form: 1, txt: 2 }, ['form', 'txt']],
    ['both forms mixed', { ...original, from: 'a@example.com' }, ['from']],
    ['an array where a string belongs', { ...full, subject: ['Hello'] }, ['subject']],
    ['an object where a string belongs', { ...full, text: {} }, ['text']],
    ['a number where an address belongs', { ...full, to: 1 }, ['to']],
    ['an empty list', { ...full, to: [] }, ['to']],
    ['a bad one in a list', { ...full, to: ['b@example.com', 'nope', { email: 'x' }] }, ['to[1]', 'to[2].email']],
    ['CRLF in the subject', { ...full, subject: 'Hi\r\nBcc: x@example.com' }, ['subject']],
    ['CRLF in a name of the original form', { ...original, name: 'A\nB' }, ['name']],
    ['an encoded word in the subject', { ...full, subject: 'x =?UTF-8?b?eA==?=' }, ['subject']],
    ['an encoded word in a name', { ...full, to: '=?a?Q?=0D=0A?= <b@example.com>' }, ['to']],
    ['NUL in the text', { ...full, text: 'a\0b' }, ['text']],
    ['half a surrogate pair', { ...full, text: 'a\ud800' }, ['text']],
    ['a subject too long', { ...full, subject: 'a'.repeat(999) }, ['subject']],
    ['too many recipients', { ...full, to: Array.from({ length: 51 }, (_, n) => `r${n}@example.com`) }, ['to']],
    ['a time without offset', { ...full, scheduled_at: '2026-02-01T00:00:00' }, ['scheduled_at']],
    ['a day that is none', { ...full, scheduled_at: '2026-13-01T00:00:00Z' }, ['scheduled_at']],
    ['a time in words', { ...full, scheduled_at: 'soon', expires_at: 7 }, ['scheduled_at', 'expires_at']],
    ['a time too far ahead', { ...full, scheduled_at: '2028-01-01T00:00:00Z' }, ['scheduled_at']],
    ['an expiry in the past', { ...full, expires_at: '2026-01-31T11:00:00Z' }, ['expires_at']],
    [
      'an expiry before the schedule',
      { ...full, scheduled_at: '2026-02-02T00:00:00Z', expires_at: '2026-02-01T00:00:00Z' },
      ['expires_at'],
    ],
    ['an unknown lane and delivery', { ...full, lane: 'fast', delivery: 'exactly_once' }, ['lane', 'delivery']],
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
