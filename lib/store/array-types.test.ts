// Table: arrays as PostgreSQL writes them, and back.
import { expect, it } from 'vitest';
import { parseArrayText, toArrayText } from './array-types.ts';

it.each([
  ['{}', []],
  ['{a,b}', ['a', 'b']],
  ['{a@example.com,"o\'b{r}ien@example.com"}', ['a@example.com', "o'b{r}ien@example.com"]],
  [
    '{"with space","a,b","","quo\\"te","back\\\\slash","NULL","line\nbreak"}',
    ['with space', 'a,b', '', 'quo"te', 'back\\slash', 'NULL', 'line\nbreak'],
  ],
])('%s', (text, elements) => {
  expect(parseArrayText(text)).toEqual(elements);
  expect(parseArrayText(toArrayText(elements))).toEqual(elements);
});
