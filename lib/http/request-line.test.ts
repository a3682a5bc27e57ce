import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { checkRequestLine } from './request-line.ts';

const check = (url: string, rawHeaders = ['Host', 'a.test']) => checkRequestLine({ url, rawHeaders });

describe('checkRequestLine', () => {
  it.each(['/emails/%ff', '/emails/%', '/emails/%zz', '/%c3%28', '/emails/%ed%a0%80/events', '/a%e0%80%af'])(
    'refuses the path %s',
    (path) => {
      expect(() => check(path)).toThrow('percent sign');
      expect(() => check(`${path}?a=b`)).toThrow('percent sign');
    },
  );

  it('refuses a path that is longer than any of ours', () => {
    expect(() => check(`/${'a'.repeat(2_000)}`)).toThrow('2000 characters');
  });

  it('refuses a query that is longer than any of ours, and takes the longest', () => {
    const longest = `/emails?recipient=${'%E6%97%A5'.repeat(254)}&tag=${'%E6%97%A5'.repeat(400)}`;
    check(longest);
    expect(() => check(longest.padEnd(8_100, 'a'))).toThrow('8000 characters');
  });

  it.each([
    ['Host', 'a.test', 'a.test'],
    ['Host', 'a.test', 'b.test'],
    ['Authorization', 'Bearer a', 'Bearer b'],
    ['Content-Type', 'application/json', 'text/plain'],
    ['Idempotency-Key', 'a', 'b'],
  ])('refuses two of %s (%s, %s), in any spelling', (name, one, other) => {
    const twice = [name, one, 'Accept', '*/*', name.toUpperCase(), other];
    expect(() => check('/', twice)).toThrow(`more than one ${name} header`);
  });

  it.each(['gzip, chunked', 'identity', 'chunked, chunked', 'x-chunked'])(
    'refuses the transfer coding %s',
    (coding) => {
      expect(() => check('/', ['Host', 'a.test', 'transfer-encoding', coding])).toThrow('other than chunked');
    },
  );

  it('leaves alone what is well-formed, and what stands in the query', () => {
    check('/suppressions/%C3%A9%40example.com?limit=1');
    check('/emails?tag=%ff%');
    check('/', ['Accept', 'Host', 'Host', 'a.test', 'X-Host', 'b.test']);
    check('/', ['Prefer', 'wait=1', 'Prefer', 'wait=2', 'Transfer-Encoding', 'Chunked']);
  });

  it('looks at the headers as they are where a host gives no raw ones', () => {
    const given = (headers: Record<string, string | string[]>) =>
      checkRequestLine({ url: '/', rawHeaders: [], headers: headers as IncomingHttpHeaders });
    given({ authorization: 'Bearer a', 'x-other': ['1', '2'] });
    expect(() => given({ 'idempotency-key': ['a', 'b'] })).toThrow('more than one Idempotency-Key');
    expect(() => given({ 'transfer-encoding': 'gzip, chunked' })).toThrow('other than chunked');
  });
});
