import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseJson } from './body.ts';
import { checkBody } from './request-body.ts';
import { boundedList, stringMap, text } from './size-limits.ts';
import { strictObject } from './strict-object.ts';

const Inner = strictObject({ name: text(10), note: v.optional(text(10), 'none') });
const Schema = strictObject({
  name: text(10),
  inner: v.optional(Inner),
  list: v.optional(boundedList(Inner, 3), []),
  map: v.optional(
    stringMap(2, () => undefined, { name: /^/, maxLength: 10 }),
    {},
  ),
});
const faultsOf = (body: unknown) => {
  try {
    return checkBody(Schema, body);
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a field that is null', () => {
  it('is not there: at the top, within objects, in lists of them, in maps', () => {
    const body = {
      name: 'a',
      stranger: null,
      inner: null,
      list: [{ name: 'b', note: null, stranger: null }],
      map: { one: null, two: 'x' },
    };
    expect(faultsOf(body)).toEqual({ name: 'a', list: [{ name: 'b', note: 'none' }], map: { two: 'x' } });
    expect(faultsOf({ name: 'a', list: null, map: null })).toEqual({ name: 'a', list: [], map: {} });
  });

  it('is missing where it must be there', () => {
    expect(faultsOf({ name: null })).toBe('name is required.');
    expect(faultsOf({ name: 'a', inner: { name: null } })).toBe('inner.name is required.');
  });

  it('is a fault in place of an entry of a list', () => {
    expect(faultsOf({ name: 'a', list: [null] })).toBe('list[0] must be an object.');
  });
});

it('a list is no object', () => {
  expect(faultsOf({ name: 'a', inner: [] })).toBe('inner must be an object.');
  expect(faultsOf({ name: 'a', list: [['x']] })).toBe('list[0] must be an object.');
});

describe('what JSON may have', () => {
  it('is millions of bytes in lists, and no more', () => {
    const zeros = (count: number) => Buffer.from(`[${'0,'.repeat(count - 1)}0]`);
    expect(parseJson(zeros(1_000_000))).toHaveLength(1_000_000);
    expect(() => parseJson(zeros(12_000_001))).toThrow('must have at most 12000000 numbers in lists');
    expect(() => parseJson(Buffer.from(`[${'0,'.repeat(200_000)}""]`))).toThrow('200000 fields and entries');
  });
});
