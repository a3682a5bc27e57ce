// Arguments and checks that the commands for clients, their secrets and their limits share.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isClientId } from '../../lib/store/clients/clients.ts';
import type { Query } from '../../lib/store/database.ts';
import { AdminError, type AdminSettings, type Options, UsageError, withDatabase } from './command.ts';

export const shownOnce = 'It is shown this once: only its hash is kept.';

export function clientId(name = ''): string {
  if (isClientId(name)) return name;
  throw new UsageError('NAME may have letters, digits, ".", "_" and "-", 100 of them at most.');
}

export function noSuchClient(id: string): AdminError {
  return new AdminError(`There is no client "${id}"; client list shows all.`);
}

export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Longest lifetime of a secret or a key; one without an end needs no date. */
const mostDays = 3650;

export function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= mostDays) return days;
  throw new UsageError(`DAYS must be a whole number from 1 to ${mostDays}.`);
}

/** A secret that nobody guesses, whatever it is made of, has 32 characters; a random one has more. */
const secretLength = { least: 32, most: 200 };

/** RFC 6749, appendix A.2: printable ASCII. Clients would encode other characters in different ways. */
export function usableSecret(secret: string, { least, most } = secretLength): string {
  if (/^[\x20-\x7e]+$/.test(secret) && secret.length >= least && secret.length <= most) return secret;
  throw new UsageError(`SECRET must be printable ASCII, ${least} to ${most} characters.`);
}

/** The options that give a secret, the same in every command that takes one. */
export const secretOptions = { secret: { value: 'SECRET' }, 'secret-file': { value: 'FILE' } };
export const secretHelp = `A secret is read from FILE, or from standard input where FILE is -; --secret SECRET shows it to
      everybody who may list processes.`;

/** The given secret, without the line end that editors and `echo` add; undefined if none is given. */
export async function givenSecret(
  { secret, 'secret-file': file, demo }: Options,
  { say }: AdminSettings,
): Promise<string | undefined> {
  if (secret !== undefined && file !== undefined) {
    throw new UsageError('--secret and --secret-file do not go together.');
  }
  // The secret of an example may be short: everybody knows it anyway.
  const length = demo === undefined ? secretLength : { ...secretLength, least: 1 };
  if (secret !== undefined) {
    const usable = usableSecret(secret, length);
    if (demo === undefined)
      say('Warning: --secret can be read in the list of processes and in the history of the shell. Use --secret-file.');
    return usable;
  }
  if (file === undefined) return undefined;
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch(() => {
    throw new AdminError(`${file} cannot be read.`);
  });
  return usableSecret(content.replace(/\r?\n$/, ''), length);
}

/** `apply` returns false when there is no such client. */
export async function changeClient(
  settings: AdminSettings,
  name: string | undefined,
  apply: (sql: Query, clientId: string) => Promise<boolean>,
): Promise<void> {
  const id = clientId(name);
  const exists = await withDatabase(settings, (sql) => apply(sql, id));
  if (!exists) throw noSuchClient(id);
}
