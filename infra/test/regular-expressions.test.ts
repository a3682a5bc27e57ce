// No regular expression of the code takes time that grows faster than its text: each is in the list of those that were judged.

import { expect, it } from 'vitest';
import { leastMs } from './cost.ts';
import { expressionsToJudge, judge, judgedSafe, madeOf, shortTexts } from './judge-expressions.ts';
import { regularExpressions } from './regular-expressions.ts';

const { literals, made } = regularExpressions();

it('finds those that there are', () => {
  expect(literals.length).toBeGreaterThan(80);
  expect([...new Set(made.map(({ file }) => file))].sort()).toEqual(Object.keys(madeOf));
});

it('would see one that is not', async () => {
  expect(await judge('/^\\s*([^<]*?)\\s*</')).toBe('vulnerable');
  expect(await judge('/^[a-z]{1,3}\\/[0-9]+$/i')).toBe('safe');
});

it('takes time in proportion to the text: else, `npm run judge:expressions`, and commit what it writes', () => {
  expect(expressionsToJudge()).toEqual(judgedSafe());
});

it('takes 5 ms at most for the worst of a short text', () => {
  const slow = literals
    .filter(({ file }) => file in shortTexts)
    .filter(({ file, source, flags }) => {
      const most = shortTexts[file] ?? 0;
      const expression = new RegExp(source, flags);
      // Its own first words over and over, and what it passes over.
      const words = [
        source.replace(/[^a-z0-9 ]+/gi, ' ').trim(),
        ...source.split(/[^a-z0-9]+/i),
        ' ',
        'a',
        'a ',
        '0',
        '@',
        '<',
      ];
      return words.filter(Boolean).some((word) => {
        const text = `${word} `.repeat(most).slice(0, most);
        return leastMs(() => text.match(expression), 5) > 5;
      });
    });
  expect(slow).toEqual([]);
});
