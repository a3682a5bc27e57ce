// The OpenAPI document as the text of its file.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createDocument } from './document.ts';
import { messages, operations, prose } from './operations/index.ts';

/** Its path in the folder of the function that serves it. */
export const documentFile = fileURLToPath(new URL('../../functions/console/openapi.json', import.meta.url));

export function documentText(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return `${JSON.stringify(createDocument({ operations, messages, prose, version }), null, 2)}\n`;
}
