// What is made of other files is as they make it.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { madeFiles } from './index.ts';

it.each(madeFiles.map((made) => ({ name: basename(made.file), ...made })))('$name is not stale', ({ file, text }) => {
  expect(readFileSync(file, 'utf8') === text(), 'run `npm run generate` and commit what it writes').toBe(true);
});
