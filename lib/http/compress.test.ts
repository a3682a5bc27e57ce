import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compress, unpackedTag } from './compress.ts';
import type { Reply } from './exchange.ts';

const takesGzip = { 'accept-encoding': 'gzip, deflate, br' };
const list = { data: Array.from({ length: 200 }, (_, n) => ({ id: n, status: 'sent' })) };
const reply = (over: Partial<Reply> = {}): Reply => ({ status: 200, body: list, ...over });
const encodingOf = ({ headers }: Reply) => headers?.['content-encoding'];

describe('an answer', () => {
  it.each<[string, Partial<Reply>, unknown]>([
    ['JSON', {}, list],
    ['text', { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ä'.repeat(2_000) }, 'ä'.repeat(2_000)],
    [
      'bytes of a message',
      { headers: { 'content-type': 'message/rfc822' }, body: Buffer.alloc(2_000, 'x') },
      'x'.repeat(2_000),
    ],
  ])('of %s is packed', async (_what, over, content) => {
    const packed = await compress(reply(over), 'GET', takesGzip);
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    const text = gunzipSync(packed.body as Buffer).toString();
    expect(typeof content === 'string' ? text : JSON.parse(text)).toEqual(content);
  });

  it.each([
    ['gzip', 'gzip'],
    ['gzip;q=0.5', 'gzip'],
    ['*', 'gzip'],
    ['gzip;q=0', undefined],
    ['br', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('for Accept-Encoding %j is %s, and says that it depends on it', async (header, expected) => {
    const sent = await compress(reply(), 'GET', header === undefined ? {} : { 'accept-encoding': header });
    expect(encodingOf(sent)).toBe(expected);
    expect(sent.headers).toMatchObject({ 'content-type': 'application/json', vary: 'accept-encoding' });
  });

  it.each<[string, string, Partial<Reply>]>([
    ['of POST, which may tell a secret', 'POST', {}],
    ['of PATCH', 'PATCH', {}],
    ['of DELETE', 'DELETE', {}],
    ['that is an error, which repeats the request', 'GET', { status: 422 }],
    ['without a body', 'GET', { body: undefined }],
    ['that is short', 'GET', { body: 'x'.repeat(1_023), headers: { 'content-type': 'text/plain' } }],
    ['that is huge', 'GET', { body: 'x'.repeat(1_048_577), headers: { 'content-type': 'text/plain' } }],
    ['of an image', 'GET', { body: Buffer.alloc(2_000), headers: { 'content-type': 'image/png' } }],
    ['that is packed already', 'GET', { body: Buffer.alloc(2_000), headers: { 'content-encoding': 'br' } }],
    ['whose handler chose', 'GET', { headers: { vary: 'Accept-Encoding', 'content-type': 'text/html' } }],
  ])('%s stays as it is', async (_what, method, over) => {
    const sent = await compress(reply(over), method, takesGzip);
    expect(encodingOf(sent)).toBe(over.headers?.['content-encoding']);
    expect(String(sent.headers?.vary ?? '')).toBe(over.headers?.vary ?? '');
  });

  it('of 1,024 bytes, and of 1,048,576, is packed', async () => {
    for (const length of [1_024, 1_048_576]) {
      const headers = { 'content-type': 'text/plain' };
      expect(encodingOf(await compress(reply({ headers, body: 'x'.repeat(length) }), 'GET', takesGzip))).toBe('gzip');
    }
  });

  it('has the headers for HEAD that it has for GET', async () => {
    const [head, get] = await Promise.all(['HEAD', 'GET'].map((method) => compress(reply(), method, takesGzip)));
    expect(head).toEqual(get);
  });

  it('keeps what it depends on beside that', async () => {
    expect((await compress(reply({ headers: { vary: 'accept' } }), 'GET', takesGzip)).headers?.vary).toBe(
      'accept, accept-encoding',
    );
  });
});

describe('the tag of a packed answer', () => {
  const tagOf = async (etag: string, headers = {}) =>
    (await compress(reply({ headers: { etag } }), 'GET', headers)).headers?.etag;

  it('is another one, and known as the same', async () => {
    expect(await tagOf('"3"')).toBe('"3"');
    expect(await tagOf('"3"', takesGzip)).toBe('"3-gzip"');
    expect(['"3-gzip"', '"3"', '*'].map(unpackedTag)).toEqual(['"3"', '"3"', '*']);
  });

  it('stays where it is weak: it names no bytes', async () => {
    expect(await tagOf('W/"3"', takesGzip)).toBe('W/"3"');
  });
});
