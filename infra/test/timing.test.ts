// No verdict of a test depends on how fast the machine is: the two ways to write one that does are found in the text of all tests.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ways: Record<string, RegExp> = {
  // cost.ts says how to do it.
  'a time that passed is compared with a limit': /(performance|Date)\.now\(\) - [\w.]+\)\.toBeLess/,
  'a test is tried again until it passes': /\bretry: *[1-9]/,
};
const faultsOf = (text: string) => Object.keys(ways).filter((way) => ways[way]?.test(text));

it('finds them', () => {
  expect(faultsOf('expect(performance.now() - startedAt).toBeLessThan(100);')).toHaveLength(1);
  expect(faultsOf('expect(Date.now() - from).toBeLessThanOrEqual(100);')).toHaveLength(1);
  expect(faultsOf("it('a', { retry: 2 }, () => {});")).toHaveLength(1);
  // Too early is too early on any machine.
  expect(faultsOf('expect(performance.now() - asked).toBeGreaterThan(1_500);')).toEqual([]);
});

it('finds none in the tests', () => {
  const files = ['functions', 'lib', 'infra'].flatMap(testsIn);
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => faultsOf(readFileSync(file, 'utf8')).map((way) => `${file}: ${way}`));
  expect(found).toEqual([]);
});

/** This file names what it looks for. */
function testsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules') && !name.endsWith('timing.test.ts'))
    .map((name) => join(folder, name));
}
