import { describe, expect, it } from 'vitest';
import { parseJson } from './body.ts';
import { ApiError } from './errors.ts';
import { checkMediaType } from './media-type.ts';
import { createRouter, type Route } from './route.ts';

const handle = async () => ({ status: 200 });
const routes: Route[] = [
  { method: 'GET', path: '/', handle },
  { method: 'GET', path: '/emails', handle },
  { method: 'POST', path: '/emails', handle },
  { method: 'GET', path: '/emails/{id}/events', handle },
];

function errorOf(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error('no ApiError was thrown');
}

describe('createRouter', () => {
  const find = createRouter(routes);

  it('matches method, path and parts', () => {
    expect(find('GET', '/').route).toBe(routes[0]);
    expect(find('POST', '/emails').route).toBe(routes[2]);
    expect(find('GET', '/emails/7/events')).toEqual({ route: routes[3], params: { id: '7' } });
    expect(find('HEAD', '/emails').route).toBe(routes[1]);
  });

  it.each(['/email', '/emails/', '/emails/7', '/emails//events/x', '/Emails', '//'])('finds nothing at %s', (path) => {
    expect(errorOf(() => find('GET', path)).code).toBe('not_found');
  });

  it('says which methods a path answers', () => {
    const error = errorOf(() => find('DELETE', '/emails'));
    expect(error.status).toBe(405);
    expect(error.headers).toEqual({ allow: 'GET, HEAD, POST' });
  });
});

describe('checkMediaType', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])('takes %s', (type) => {
    expect(() => checkMediaType({ 'content-type': type }, ['application/json'])).not.toThrow();
  });

  it.each([undefined, '', 'text/plain', 'application/jsonx', 'multipart/form-data; boundary=json'])(
    'refuses %s',
    (type) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      expect(errorOf(() => checkMediaType(headers, ['application/json'])).status).toBe(415);
    },
  );

  it.each(['gzip', 'br', 'zstd', 'x-gzip', 'gzip, gzip', 'identity, gzip', ''])(
    'refuses the coding %j, however small the body looks, and says which it takes',
    (encoding) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      const error = errorOf(() => checkMediaType(headers, ['application/json']));
      expect([error.status, error.headers]).toEqual([415, { 'accept-encoding': 'identity' }]);
    },
  );

  it('names types where it is the type, and no coding', () => {
    const error = errorOf(() => checkMediaType({ 'content-type': 'text/csv' }, ['application/json']));
    expect(error.headers).toEqual({ accept: 'application/json' });
  });

  it.each(['identity', 'Identity', ' identity '])('takes the coding %j, which is none', (encoding) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    expect(() => checkMediaType(headers, ['application/json'])).not.toThrow();
  });
});

describe('parseJson', () => {
  it.each(['', '{', '{"a":1,}', "{'a':1}", 'undefined', '\u0000'])('refuses %j', (text) => {
    expect(errorOf(() => parseJson(Buffer.from(text))).code).toBe('invalid_json');
  });

  it.each(['1e400', '-1e309', '[1e999]', '{"a":{"b":[1,-1e400]}}'])(
    'refuses %s, a number that would become null',
    (text) => {
      expect(errorOf(() => parseJson(Buffer.from(text))).message).toContain('number that is too large');
    },
  );

  it.each([
    ['10,000 fields in an object', `{${Array.from({ length: 10_000 }, (_, n) => `"${n}":0`)}}`, true],
    ['10,001', `{"a":{${Array.from({ length: 10_001 }, (_, n) => `"${n}":0`)}}}`, false],
    ['200,000 entries in all', `[${Array(200_000).fill(0)}]`, true],
    ['200,001, in lists within lists', `[${Array(1_000).fill(`[${Array(200).fill('""')}]`)}]`, false],
  ])('%s', (_what, text, taken) => {
    if (taken) expect(() => parseJson(Buffer.from(text))).not.toThrow();
    else expect(errorOf(() => parseJson(Buffer.from(text))).message).toContain('at most 10000 fields in an object');
  });

  it('takes numbers that are numbers', () => {
    expect(parseJson(Buffer.from('[1e308, -0, 1e-400, 123456789012345678901234567890]'))).toHaveLength(4);
  });

  it('refuses what is not UTF-8', () => {
    expect(errorOf(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).code).toBe('invalid_json');
  });

  it.each([
    ['50 deep', 50, true],
    ['51 deep', 51, false],
    ['a million deep', 1_000_000, false],
  ])('%s', (_what, depth, taken) => {
    const body = Buffer.from('['.repeat(depth) + ']'.repeat(depth));
    if (taken) expect(parseJson(body)).toBeInstanceOf(Array);
    else expect(errorOf(() => parseJson(body)).message).toContain('nested deeper than 50');
  });
});
