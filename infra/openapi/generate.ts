// Writes the OpenAPI document where the console function has it: `npm run openapi`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createDocument } from './document.ts';
import { messages, operations, prose } from './operations/index.ts';

export const documentFile = fileURLToPath(new URL('../../functions/console/openapi.json', import.meta.url));

/** As the file has it. */
export function documentText(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return `${JSON.stringify(createDocument({ operations, messages, prose, version }), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(documentFile, documentText());
