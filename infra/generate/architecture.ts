// Makes the generated parts of ARCHITECTURE.md.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withDiagram } from './transition-diagram.ts';

export const architectureFile = fileURLToPath(new URL('../../ARCHITECTURE.md', import.meta.url));

/** The text that the file should have. */
export function architectureText(): string {
  return withDiagram(readFileSync(architectureFile, 'utf8'));
}
