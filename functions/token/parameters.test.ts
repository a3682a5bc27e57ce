import { describe, expect, it } from 'vitest';
import type { Request } from '../../lib/http/exchange.ts';
import { parseParameters, readParameters, readResources } from './parameters.ts';

type Sent = Pick<Request<undefined, undefined, Buffer>, 'headers' | 'body'>;

const request = (contentType: string, body: string | Buffer): Sent => ({
  headers: { 'content-type': contentType },
  body: Buffer.from(body),
});
const json = (body: unknown) => request('application/json', JSON.stringify(body));
const form = (body: string) => request('application/x-www-form-urlencoded', body);
const given = ({ body, headers }: Sent) => parseParameters(body, headers);
const read = (from: Sent) => readParameters(given(from), ['grant_type', 'scope']);

describe('parameters', () => {
  it.each<[string, Sent, object]>([
    ['JSON', json({ grant_type: 'g', scope: 'a b' }), { grant_type: 'g', scope: 'a b' }],
    ['JSON with a charset', request('Application/JSON; charset=utf-8', '{"scope":"é"}'), { scope: 'é' }],
    ['a form', form('grant_type=g&scope=a+b%20c'), { grant_type: 'g', scope: 'a b c' }],
    ['no others', json({ scope: 'a', other: ['x'] }), { scope: 'a' }],
    ['none in an empty form', form(''), {}],
    ['empty ones as omitted', form('grant_type=&scope='), {}],
    ['empty JSON strings as omitted', json({ grant_type: '', scope: '' }), {}],
    ['nothing that an object inherits', request('application/json', '{"__proto__":{"scope":"a"}}'), {}],
    ['null in JSON as omitted', json({ scope: null }), {}],
  ])('are read from the body: %s', (_, from, expected) => {
    expect(read(from)).toEqual(expected);
  });

  it.each<[string, Sent]>([
    ['repeated', form('scope=a&scope=a')],
    ['repeated, even if nobody asks for it', form('x=1&x=2')],
    ['an array', json({ scope: ['a', 'b'] })],
    ['an object', json({ grant_type: { a: 1 } })],
    ['a number', json({ scope: 1 })],
    ['in an array', json([{ scope: 'a' }])],
    ['in null', json(null)],
    ['in a string', json('scope=a')],
  ])('that are %s are invalid_request', (_, from) => {
    expect(() => read(from)).toThrow(expect.objectContaining({ name: 'OAuthError', code: 'invalid_request' }));
  });

  it.each(['', '{', '{"scope":"a"', 'scope=a'])('of malformed JSON %j are invalid_json', (body) => {
    expect(() => read(request('application/json', body))).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });

  it('never repeats a name: a JSON body sent as a form is one long name with the secret in it', () => {
    const body = '{"client_secret":"abc123"}';
    expect(() => read(form(`${body}&${body}`))).toThrow(expect.not.stringContaining('abc123'));
  });
});

describe('resources', () => {
  it.each<[string, Sent, string[]]>([
    ['none', form('scope=a'), []],
    ['one', form('resource=a'), ['a']],
    ['several', form('resource=a&scope=x&resource=b'), ['a', 'b']],
    ['empty ones as omitted', form('resource=&resource=a'), ['a']],
    ['none, in JSON', json({ scope: 'a' }), []],
    ['one, in JSON', json({ resource: 'a' }), ['a']],
    ['several, in JSON', json({ resource: ['a', 'b', ''] }), ['a', 'b']],
  ])('are read: %s', (_, from, expected) => {
    expect(readResources(given(from))).toEqual(expected);
  });

  it.each<[string, Sent]>([
    ['a number', json({ resource: 1 })],
    ['null in a list', json({ resource: [null] })],
    ['an object', json({ resource: {} })],
  ])('that are %s are invalid_request', (_, from) => {
    expect(() => readResources(given(from))).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
