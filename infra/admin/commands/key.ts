// The operator's commands for signing keys.
import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { createSigningKeys } from '../../../functions/token/create-signing-key.ts';
import {
  parseSigningKeys,
  type SigningAlgorithm,
  type SigningKeys,
  SigningKeysError,
  signingAlgorithms,
} from '../../../functions/token/signing-keys.ts';
import { AdminError, type Command, UsageError } from '../command.ts';

export const keyCommands: Command[] = [
  {
    name: 'key create',
    words: [],
    options: { alg: { value: signingAlgorithms.join('|') } },
    about: `Prints a private JWK set with a new signing key, for SIGNING_KEYS or a file that SIGNING_KEYS_FILE names.
      To rotate: put the new key last in "keys" and restart; once all have seen it (10 minutes), put it first;
      drop the old one when its last token has ended.`,
    async run(_words, { alg = 'RS256' }) {
      if (!isSigningAlgorithm(alg)) throw new UsageError(`--alg must be ${signingAlgorithms.join(', ')}.`);
      return createSigningKeys(alg);
    },
  },
  {
    name: 'key ensure',
    words: ['FILE'],
    options: {},
    about: 'Writes a set with an RS256 key to FILE, readable by its owner alone, unless FILE is there already.',
    async run([file = '']) {
      const isNew = await writeIfMissing(file, `${await createSigningKeys('RS256')}\n`);
      if (!isNew) await readKeys(file);
      return isNew ? `New signing key in ${file}` : `The signing keys in ${file} are good; nothing to do`;
    },
  },
  {
    name: 'key public',
    words: ['FILE'],
    options: {},
    about: 'Prints the public part of a private JWK set, as client set-keys takes it.',
    async run([file = '']) {
      const keys = await readKeys(file);
      return JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) });
    },
  },
];

function isSigningAlgorithm(alg: string): alg is SigningAlgorithm {
  return signingAlgorithms.some((known) => known === alg);
}

/** Writes the file whole or not at all; of two processes at once, one wins. False when the file existed. */
async function writeIfMissing(file: string, content: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, content, { mode: 0o600 });
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readKeys(file: string): Promise<SigningKeys> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new AdminError(`${file} cannot be read.`);
  });
  try {
    return parseSigningKeys(text);
  } catch (error) {
    if (error instanceof SigningKeysError) throw new AdminError(`${file} ${error.message}.`);
    throw error;
  }
}
