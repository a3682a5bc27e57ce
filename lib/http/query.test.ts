import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { checkQuery } from './query.ts';
import { queryOf } from './request-head.ts';

const Any = v.record(v.string(), v.string());
const read = (url: string) => checkQuery(Any, queryOf({ url } as IncomingMessage));

describe('a query', () => {
  it.each([
    ['/emails', {}],
    ['/emails?', {}],
    ['/emails?tag=a?b', { tag: 'a?b' }],
    ['/emails?tag=a?b=c?&limit=1', { tag: 'a?b=c?', limit: '1' }],
    ['/emails??tag=a', { tag: 'a' }],
  ])('of %s is all after the first question mark', (url, expected) => {
    expect(read(url)).toEqual(expected);
  });

  it('has 20 parameters at most: more are not even looked through for repeated ones', () => {
    const of = (count: number) => `/emails?${Array.from({ length: count }, (_, index) => `p${index}=1`).join('&')}`;
    expect(Object.keys(read(of(20)))).toHaveLength(20);
    expect(() => read(of(21))).toThrow('The query may have 20 parameters at most.');
    expect(() => read(`/emails?${'a&'.repeat(5_000)}`)).toThrow('20 parameters');
  });

  it('has each of them once', () => {
    expect(() => read('/emails?a=1&b=2&a=3')).toThrow('a must be given once');
  });
});
