// `npm run generate`: writes every file that is made from others. A test fails while one is stale.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { caddyfile, caddyfileText } from '../gateway/caddyfile.ts';
import { writeSchema } from '../migrations/dump-schema.ts';
import { documentFile, documentText } from '../openapi/document-text.ts';
import { architectureFile, architectureText } from './architecture.ts';
import { resendGuideFile, resendGuideText } from './resend-guide.ts';

export const madeFiles: readonly { file: string; text: () => string }[] = [
  { file: documentFile, text: documentText },
  { file: caddyfile, text: caddyfileText },
  { file: architectureFile, text: architectureText },
  { file: resendGuideFile, text: resendGuideText },
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of madeFiles) writeFileSync(file, text());
  // By way of a database, so its own test says whether it is stale.
  await writeSchema();
}
