import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { Metadata, Tags } from './tags-and-metadata.ts';

describe('Tags', () => {
  it('are normalised, in whichever form they came', () => {
    expect(v.parse(Tags, ['a', { name: 'b', value: 'c' }, { name: 'd' }])).toEqual([
      { name: 'a', value: '' },
      { name: 'b', value: 'c' },
      { name: 'd', value: '' },
    ]);
  });

  it.each<[string, unknown]>([
    ['a string', 'a'],
    ['a number in the list', [1]],
    ['an empty name', ['']],
    ['a colon in the name', ['a:b']],
    ['a line break', [{ name: 'a', value: 'b\nc' }]],
    ['NUL', ['\0']],
    ['half a surrogate pair', ['\ud800']],
    ['a name too long', ['a'.repeat(129)]],
    ['an unknown field', [{ name: 'a', value: 'b', id: 1 }]],
    ['51 of them', Array.from({ length: 51 }, (_, n) => `t${n}`)],
  ])('refuses %s', (_what, tags) => {
    expect(v.is(Tags, tags)).toBe(false);
  });
});

describe('Metadata', () => {
  it.each<[string, unknown, boolean]>([
    ['strings', { order_id: '7', 'a.b-c': '', Ünicode: 'x' }, false],
    ['strings with plain names', { order_id: '7', 'a.b-c': 'Zoë', 7: 'x' }, true],
    ['a number', { a: 1 }, false],
    ['null', { a: null }, true],
    ['nested', { a: { b: 'c' } }, false],
    ['a list', ['a'], false],
    ['a line break', { a: 'b\nc' }, false],
    ['NUL', { a: '\0' }, false],
    ['half a surrogate pair', { a: '\ud800' }, false],
    ['a value too long', { a: 'b'.repeat(501) }, false],
    ['a name too long', { ['a'.repeat(65)]: 'b' }, false],
    ['an empty name', { '': 'b' }, false],
    ['__proto__', JSON.parse('{"__proto__":"a"}'), false],
    ['51 of them', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'a'])), false],
  ])('%s', (_what, metadata, taken) => {
    expect(v.is(Metadata, metadata)).toBe(taken);
  });
});
