import { describe, expect, it } from 'vitest';
import { presentedCredentials } from './credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const refusal = (code: string) => expect.objectContaining({ name: 'OAuthError', code });

describe('credentials', () => {
  it.each<[string, string | undefined, object, { clientId: string; secret: string }]>([
    ['in the body', undefined, { client_id: 'a', client_secret: 's' }, { clientId: 'a', secret: 's' }],
    ['with Basic', basic('a:s'), {}, { clientId: 'a', secret: 's' }],
    ['with any case of Basic', basic('a:s').replace('Basic', 'bASIC'), {}, { clientId: 'a', secret: 's' }],
    ['with Basic and the same id in the body', basic('a:s'), { client_id: 'a' }, { clientId: 'a', secret: 's' }],
    ['with a colon in the secret', basic('a:s:t'), {}, { clientId: 'a', secret: 's:t' }],
    ['form-urlencoded', basic('a%3Ab:s+t%2B%C3%A9'), {}, { clientId: 'a:b', secret: 's t+é' }],
    ['with a line break in the secret', basic('a:s\nt'), {}, { clientId: 'a', secret: 's\nt' }],
    ['with an empty secret', basic('a:'), {}, { clientId: 'a', secret: '' }],
  ])('are read %s', (_, authorization, body, expected) => {
    expect(presentedCredentials(authorization, body)).toEqual(expected);
  });

  it.each<[string, string | undefined, object]>([
    ['none', undefined, {}],
    ['an id alone', undefined, { client_id: 'a' }],
    ['a secret alone', undefined, { client_secret: 's' }],
    ['another scheme', 'Bearer abc', {}],
    ['another scheme beside a good body', 'Bearer abc', { client_id: 'a', client_secret: 's' }],
    ['no base64', 'Basic a:s', {}],
    ['no colon', basic('abc'), {}],
    ['nothing after Basic', 'Basic ', {}],
    ['a broken escape', basic('a:100%'), {}],
    ['an escape that is not UTF-8', basic('a:%ff'), {}],
  ])('that are %s are invalid_client', (_, authorization, body) => {
    expect(() => presentedCredentials(authorization, body)).toThrow(refusal('invalid_client'));
  });

  it.each<[string, object]>([
    ['the same secret again', { client_id: 'a', client_secret: 's' }],
    ['a secret', { client_secret: 't' }],
    ['another id', { client_id: 'b' }],
  ])('with Basic and, in the body, %s are invalid_request', (_, body) => {
    expect(() => presentedCredentials(basic('a:s'), body)).toThrow(refusal('invalid_request'));
  });
});
