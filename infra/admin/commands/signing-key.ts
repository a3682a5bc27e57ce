// The operator's commands for signing keys, also under the names that they had when no API keys were.
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
import { AdminError, type Command, type Options, UsageError } from '../command.ts';
import { createApiKey, createApiKeyOptions } from './api-key.ts';

const algOption = { alg: { value: signingAlgorithms.join('|') } };

async function createSigningKey({ alg = 'RS256' }: Options): Promise<string> {
  if (!isSigningAlgorithm(alg)) throw new UsageError(`--alg must be ${signingAlgorithms.join(', ')}.`);
  return createSigningKeys(alg);
}

async function ensureKeys([file = '']: string[]): Promise<string> {
  const isNew = await writeIfMissing(file, `${await createSigningKeys('RS256')}\n`);
  if (!isNew) await readKeys(file);
  return isNew ? `New signing key in ${file}` : `The signing keys in ${file} are good; nothing to do`;
}

async function publicKeys([file = '']: string[]): Promise<string> {
  const keys = await readKeys(file);
  return JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) });
}

const former = (name: string) => `What ${name} was called up to 0.1; goes with the next release.`;

export const signingKeyCommands: Command[] = [
  {
    name: 'signing-key create',
    words: [],
    options: algOption,
    about: `Prints a private JWK set with a new signing key, for SIGNING_KEYS or a file that SIGNING_KEYS_FILE names.
      To rotate: put the new key last in "keys" and restart; once all have seen it (10 minutes), put it first;
      drop the old one when its last token has ended.`,
    run: (_words, options) => createSigningKey(options),
  },
  {
    name: 'signing-key ensure',
    words: ['FILE'],
    options: {},
    about: 'Writes a set with an RS256 key to FILE, readable by its owner alone, unless FILE is there already.',
    run: ensureKeys,
  },
  {
    name: 'signing-key public',
    words: ['FILE'],
    options: {},
    about: 'Prints the public part of a private JWK set, as client set-keys takes it.',
    run: publicKeys,
  },
  {
    name: 'key create',
    words: ['[CLIENT]'],
    options: { ...createApiKeyOptions, ...algOption },
    about: `Gives the client an API key, which serves in place of access tokens: for all that the client may, unless scopes, senders or an
      end are said. emails:send is for sending alone. Without CLIENT it is signing-key create, which was called so up to 0.1.`,
    async run([name], { alg, ...options }, settings) {
      const isForClient = name !== undefined;
      if (isForClient && alg !== undefined) throw new UsageError('--alg is for signing-key create.');
      if (isForClient) return createApiKey(name, options, settings);
      if (Object.keys(options).length > 0) throw new UsageError('CLIENT is missing.');
      return createSigningKey({ alg });
    },
  },
  { name: 'key ensure', words: ['FILE'], options: {}, about: former('signing-key ensure'), run: ensureKeys },
  { name: 'key public', words: ['FILE'], options: {}, about: former('signing-key public'), run: publicKeys },
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
