// No regular expression of the code takes time that grows faster than its text: recheck, in its build without a JVM, looks at each.
import { beforeAll, expect, it } from 'vitest';
import { routes } from '../gateway/routes.ts';
import { type Found, regularExpressions } from './regular-expressions.ts';

/** Those that are made of parts, by the file that makes them: a new one is to be a literal, or to be told here. */
const madeOf: Record<string, string[]> = {
  'infra/admin/dkim-record.ts': ['.{1,255}'],
  'infra/gateway/routes.ts': routes.map(({ path }) => `^${path.replaceAll('{id}', '[^/]+')}$`),
};

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
  const unsafe = [...literals, ...told].filter((found) => check(found) !== 'safe');
  expect(unsafe).toEqual([]);
});
