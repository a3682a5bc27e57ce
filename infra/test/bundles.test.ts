// The bundles are small: a cold start reads one whole.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';

const mostBytes = 1_500_000;

it.each(readdirSync('functions'))('the bundle of %s has 1.5 MB at most', (name) => {
  expect(statSync(join(inject('bundles'), name, 'index.mjs')).size).toBeLessThanOrEqual(mostBytes);
});
