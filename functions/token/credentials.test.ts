import { UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { presentedCredentials } from './credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const jwt = new UnsecuredJWT({ sub: 'a' }).encode();
const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const assertion = { client_assertion: jwt, client_assertion_type };
const refusal = (code: string) => expect.objectContaining({ name: 'OAuthError', code });

describe('credentials', () => {
  it.each<[string, string | undefined, object, object]>([
    ['in the body', undefined, { client_id: 'a', client_secret: 's' }, { clientId: 'a', secret: 's' }],
    ['with Basic', basic('a:s'), {}, { clientId: 'a', secret: 's' }],
    ['with any case of Basic', basic('a:s').replace('Basic', 'bASIC'), {}, { clientId: 'a', secret: 's' }],
    ['with Basic and the same id in the body', basic('a:s'), { client_id: 'a' }, { clientId: 'a', secret: 's' }],
    ['with a colon in the secret', basic('a:s:t'), {}, { clientId: 'a', secret: 's:t' }],
    [
      'form-urlencoded, and as written',
      basic('a%3Ab:s+t%2B%C3%A9'),
      {},
      { clientId: 'a:b', secret: 's t+é', asWritten: { clientId: 'a%3Ab', secret: 's+t%2B%C3%A9' } },
    ],
    [
      'as written, with a plus',
      basic('a:s+t'),
      {},
      { clientId: 'a', secret: 's t', asWritten: { clientId: 'a', secret: 's+t' } },
    ],
    ['as written, with what is no escape', basic('a:100%'), {}, { clientId: 'a', secret: '100%' }],
    ['as written, with an escape that is not UTF-8', basic('a:%ff'), {}, { clientId: 'a', secret: '%ff' }],
    ['as written, where the body names that', basic('a+b:s'), { client_id: 'a+b' }, { clientId: 'a+b', secret: 's' }],
    ['with a line break in the secret', basic('a:s\nt'), {}, { clientId: 'a', secret: 's\nt' }],
    ['with an empty secret', basic('a:'), {}, { clientId: 'a', secret: '' }],
    ['in an assertion', undefined, assertion, { clientId: 'a', assertion: jwt }],
    [
      'in an assertion beside the same id',
      undefined,
      { ...assertion, client_id: 'a' },
      { clientId: 'a', assertion: jwt },
    ],
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
    ['an assertion of another type', undefined, { ...assertion, client_assertion_type: 'saml2-bearer' }],
    ['an assertion that is no JWT', undefined, { ...assertion, client_assertion: 'abc' }],
    ['an assertion of nobody', undefined, { ...assertion, client_assertion: new UnsecuredJWT({}).encode() }],
  ])('that are %s are invalid_client', (_, authorization, body) => {
    expect(() => presentedCredentials(authorization, body)).toThrow(refusal('invalid_client'));
  });

  it.each<[string, string | undefined, object]>([
    ['Basic and the same secret in the body', basic('a:s'), { client_id: 'a', client_secret: 's' }],
    ['Basic and a secret in the body', basic('a:s'), { client_secret: 't' }],
    ['Basic and another id in the body', basic('a:s'), { client_id: 'b' }],
    ['Basic and an assertion', basic('a:s'), assertion],
    ['a secret and an assertion', undefined, { client_id: 'a', client_secret: 's', ...assertion }],
    ['an assertion and another id', undefined, { client_id: 'b', ...assertion }],
    ['an assertion without its type', undefined, { client_assertion: jwt }],
    ['the type of an assertion alone', undefined, { client_id: 'a', client_assertion_type }],
  ])('that are %s are invalid_request', (_, authorization, body) => {
    expect(() => presentedCredentials(authorization, body)).toThrow(refusal('invalid_request'));
  });
});
