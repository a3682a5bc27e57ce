// A client's public keys: reads them from the operator's file, and describes them.
import { readFile } from 'node:fs/promises';
import { parsePublicKeys } from '../../functions/token/client-keys.ts';
import { SigningKeysError } from '../../functions/token/signing-keys.ts';
import { AdminError } from './command.ts';

export async function readPublicKeys(file: string) {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new AdminError(`${file} cannot be read.`);
  });
  try {
    return parsePublicKeys(text);
  } catch (error) {
    if (error instanceof SigningKeysError) throw new AdminError(`${file}: ${error.message}.`);
    throw error;
  }
}

export function toldOf(keys: { kid?: string }[]): string {
  if (keys.length === 0) return 'no assertion is taken.';
  return `assertions are verified with the keys: ${keys.map(({ kid }) => kid).join(', ')}`;
}
