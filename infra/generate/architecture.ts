// ARCHITECTURE.md with the parts of it that are made.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withDiagram } from './transition-diagram.ts';

export const architectureFile = fileURLToPath(new URL('../../ARCHITECTURE.md', import.meta.url));

/** As the file is to be. */
export function architectureText(): string {
  return withDiagram(readFileSync(architectureFile, 'utf8'));
}
