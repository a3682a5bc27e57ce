// No regular expression of the code takes time that grows faster than its text: recheck, in its build without a JVM, looks at each.
import { beforeAll, expect, it } from 'vitest';
import { readCharacters } from '../../lib/mail/smtp-reply.ts';
import { routes } from '../gateway/routes.ts';
import { type Found, regularExpressions } from './regular-expressions.ts';

/** Expressions made of parts, by their file: a new expression must be a literal, or be listed here. */
const madeOf: Record<string, string[]> = {
  'infra/admin/dkim-record.ts': ['.{1,255}'],
  'infra/gateway/caddyfile.ts': ['begin|end'],
  'infra/gateway/routes.ts': routes.map(({ path }) => `^${path.replaceAll('{id}', '[^/]+')}$`),
};

/**
 * These look for words with others between them in what relays say, which is cut to `readCharacters` before. Their time may grow with
 * the square of so short a text; it is measured.
 */
const readReplies = ['lib/mail/read-refusal.ts', 'lib/mail/reply-rules.ts', 'lib/mail/smtp-reply.ts'];

let check: (found: Found) => string;

beforeAll(async () => {
  process.env.RECHECK_BACKEND = 'pure';
  const { checkSync } = await import('recheck');
  // What is not decided in time counts as not safe.
  check = ({ source, flags }) => checkSync(source, flags, { timeout: 60_000 }).status;
});

const { literals, made } = regularExpressions();

it('finds those that there are', () => {
  expect(literals.length).toBeGreaterThan(80);
  expect([...new Set(made.map(({ file }) => file))].sort()).toEqual(Object.keys(madeOf));
});

it('would see one that is not', () => {
  expect(check({ file: '', source: '^\\s*([^<]*?)\\s*<', flags: '' })).toBe('vulnerable');
});

it('takes time in proportion to the text', { timeout: 300_000 }, () => {
  const told = Object.entries(madeOf).flatMap(([file, all]) => all.map((source) => ({ file, source, flags: '' })));
  const others = literals.filter(({ file }) => !readReplies.includes(file));
  const unsafe = [...others, ...told].filter((found) => check(found) !== 'safe');
  expect(unsafe).toEqual([]);
});

it('takes 5 ms at most for the worst reply of a relay', () => {
  const slow = literals
    .filter(({ file }) => readReplies.includes(file))
    .filter(({ source, flags }) => {
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
        const text = `${word} `.repeat(readCharacters).slice(0, readCharacters);
        return Math.min(...[1, 2, 3].map(() => msOf(() => text.match(expression)))) > 5;
      });
    });
  expect(slow).toEqual([]);
});

function msOf(run: () => void): number {
  const startedAt = performance.now();
  run();
  return performance.now() - startedAt;
}
