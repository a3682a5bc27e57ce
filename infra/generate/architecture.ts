// Writes what is made in ARCHITECTURE.md: `npm run diagram`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withDiagram } from './transition-diagram.ts';

export const architectureFile = fileURLToPath(new URL('../../ARCHITECTURE.md', import.meta.url));

/** As the file is to be. */
export function architectureText(): string {
  return withDiagram(readFileSync(architectureFile, 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(architectureFile, architectureText());
