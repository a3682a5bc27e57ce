import { describe, expect, it } from 'vitest';
import { ApiError } from '../../lib/http/errors.ts';
import { invalidBody } from '../../lib/http/request-body.ts';
import { type BatchValidation, parseBatchRequest, parseBatchValidation } from './batch-request.ts';
import type { RequestedEmail } from './email-request.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const now = new Date('2026-01-31T12:00:00Z');
/** Knows no template. */
const write = async (requests: RequestedEmail[]) =>
  requests.map(({ template, subject = '', ...others }) =>
    template ? invalidBody([{ path: 'template', message: 'is unknown' }]) : { ...others, subject },
  );
const parse = (body: unknown, validation: BatchValidation = 'strict') =>
  parseBatchRequest(body, validation, now, write);

async function errorOf(body: unknown) {
  try {
    await parse(body);
  } catch (error) {
    if (error instanceof ApiError) return { code: error.code, message: error.message, errors: error.errors };
    throw error;
  }
  return undefined;
}

describe('parseBatchRequest', () => {
  it('takes a bare list or {emails: […]}, in either form of an email', async () => {
    const original = { email: 'a@example.com', to_email: 'b@example.com', subject: 'Hello' };
    for (const body of [[good, original], { emails: [good, original] }]) {
      expect((await parse(body)).emails.map(({ to }) => to[0]?.email)).toEqual(['b@example.com', 'b@example.com']);
    }
  });

  it('names every fault by index', async () => {
    const { to: _, ...without } = good;
    const { text: __, ...withTemplate } = { ...good, template: 'welcome' };
    const error = await errorOf([good, { ...good, to: ['x', 'b@example.com'], sbject: 1 }, without, 7, withTemplate]);
    expect(error?.code).toBe('validation_error');
    expect(error?.errors).toEqual([
      { path: '[1].to[0]', message: expect.any(String) },
      { path: '[1].sbject', message: 'is not a field of this request' },
      { path: '[2].to', message: '[2].to is required' },
      { path: '[3]', message: 'must be a JSON object' },
      { path: '[4].template', message: 'is unknown' },
    ]);
    expect(error?.message).toContain('; [2].to is required; [3] must be');
    expect((await errorOf([without]))?.code).toBe('missing_required_field');
  });

  it('leaves faulty ones out in permissive validation', async () => {
    const { emails, errors } = await parse(
      [good, { ...good, to: 'x' }, { ...good, subject: 'third' }, 7],
      'permissive',
    );
    expect(emails.map(({ subject }) => subject)).toEqual(['Hello', 'third']);
    expect(errors).toEqual([
      { index: 1, message: expect.stringContaining('to must be') },
      { index: 3, message: expect.stringContaining('must be a JSON object') },
    ]);
    expect(await parse([7], 'permissive')).toMatchObject({ emails: [], errors: [{ index: 0 }] });
  });

  it.each<[string, unknown, string]>([
    ['no email', [], ''],
    ['101 emails', Array.from({ length: 101 }, () => good), ''],
    ['no email in the object', { emails: [] }, 'emails'],
    ['a million things', Array.from({ length: 1_000_000 }, () => 0), ''],
    ['something else in it', { emails: 'x' }, 'emails'],
    ['nothing', {}, 'emails'],
    ['an unknown field', { emails: [good], mode: 'x' }, 'mode'],
    ['null', null, ''],
    ['a string', 'x', ''],
  ])('refuses %s', async (_what, body, path) => {
    expect((await errorOf(body))?.errors).toEqual([{ path, message: expect.any(String) }]);
  });

  it('names 100 faults at most', async () => {
    const strangers = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, n]));
    expect((await errorOf(Array.from({ length: 100 }, () => strangers)))?.errors).toHaveLength(100);
  });
});

it.each([
  [undefined, 'strict'],
  ['strict', 'strict'],
  ['permissive', 'permissive'],
])('x-batch-validation: %s is %s', (header, validation) => {
  expect(parseBatchValidation(header)).toBe(validation);
});

it('x-batch-validation may be nothing else', () => {
  expect(() => parseBatchValidation('lenient')).toThrow('strict or permissive');
});
