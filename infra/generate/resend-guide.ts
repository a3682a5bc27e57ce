// Makes the table of infra/guides/resend.md: which calls of Resend's SDK are supported, of what their tests run.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { supportTable } from '../test/resend-calls.ts';

export const resendGuideFile = fileURLToPath(new URL('../guides/resend.md', import.meta.url));

const begin = '<!-- calls -->';
const end = '<!-- /calls -->';

/** The text that the file should have. */
export function resendGuideText(): string {
  const text = readFileSync(resendGuideFile, 'utf8');
  const [before, made, after] = text.split(new RegExp(`${begin}|${end}`));
  if (before === undefined || made === undefined || after === undefined) throw new Error('the marks are gone');
  return `${before}${begin}\n${supportTable()}\n${end}${after}`;
}
