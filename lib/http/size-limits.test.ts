import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { firstFault, headerWithin, text } from './size-limits.ts';

describe('text', () => {
  const seen: string[] = [];
  const look = (given: string) => seen.push(given) > 0;
  const schema = v.pipe(
    text(5),
    v.check(look, 'must be looked at'),
    v.regex(/^a/, 'must begin with a'),
    v.transform((given) => {
      look(given);
      return given;
    }),
  );

  it('lets nothing see what is too long, in a pipe, in a pipe of a pipe, in an optional field', () => {
    const whole = v.object({ field: v.optional(v.pipe(schema, v.check(look))) });
    for (const one of ['bbbbbb', ' '.repeat(1_000_000)]) {
      expect(v.safeParse(whole, { field: one }).issues?.map(({ message }) => message)).toEqual([
        'may have 5 characters at most',
      ]);
    }
    expect(seen).toEqual([]);
    expect(v.parse(whole, { field: 'aaaaa' })).toEqual({ field: 'aaaaa' });
    expect(seen).toHaveLength(3);
  });

  it('says what it was given to say, of another type, too', () => {
    const message = 'must be a thing';
    expect(v.safeParse(text(5, message), 'bbbbbb').issues?.map((issue) => issue.message)).toEqual([message]);
    expect(v.safeParse(text(5, message), 7).issues?.map((issue) => issue.message)).toEqual([message]);
  });
});

it('firstFault stops at the first', () => {
  const schema = firstFault(v.pipe(text(5), v.regex(/^a/, 'first'), v.regex(/^b/, 'second')));
  expect(v.safeParse(schema, 'c').issues?.map(({ message }) => message)).toEqual(['first']);
});

it('headerWithin takes a header that is there and not too long', () => {
  expect(headerWithin(undefined, 3)).toBeUndefined();
  expect(headerWithin('abc', 3)).toBe('abc');
  expect(headerWithin(['a', 'b'], 4)).toBe('a, b');
  expect(headerWithin('abcd', 3)).toBeUndefined();
});
