// The operator's commands for the database itself: its schema, and the roles of the functions.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseEnv } from 'node:util';
import { applyGrants } from '../../migrations/apply-grants.ts';
import { type DatabaseUser, databaseUsers } from '../../migrations/grants.ts';
import {
  AdminError,
  type AdminSettings,
  type Command,
  requireDatabaseUrl,
  UsageError,
  withDatabase,
} from '../command.ts';
import { makeLogins } from '../logins.ts';
import { migrate } from '../migrate.ts';

/** Of characters that stand in a URL as they are. */
const password = /^[A-Za-z0-9._~-]{32,200}$/;
/** More than the longest passwords of all functions. */
const mostBytes = 10_000;

export const databaseCommands: Command[] = [
  {
    name: 'migrate',
    words: [],
    options: {},
    about: `Brings the database to the present schema, and gives the roles of the functions their rights.
      Waits 30 s for a database that is not up yet.`,
    async run(_words, _options, settings) {
      const { migrationsDirectory: directory, say: log } = settings;
      const applied = await migrate(requireDatabaseUrl(settings), { directory, log });
      const missing = await grantRights(settings);
      if (missing) log(`The functions have no roles of their own: ${missing}`);
      return applied.length === 0 ? 'The database is up to date' : `Applied: ${applied.join(', ')}`;
    },
  },
  {
    name: 'database roles',
    words: ['FILE'],
    options: {},
    about: `Gives each function a role to log in as, which may do what the function does and no more. FILE, or standard input where it
      is -, has a line NAME=PASSWORD for each function: ${databaseUsers.join(', ')}. A password has 32 letters or digits at
      least. The role of send in the database email is email_send. Others than these and the owner may no longer connect.`,
    async run([file = ''], _options, settings) {
      const passwords = parsePasswords(await readGiven(file));
      const missing = await grantRights(settings);
      if (missing) throw new AdminError(missing);
      const logins = await withDatabase(settings, (sql) => makeLogins(sql, passwords));
      return `Roles that may log in: ${logins.join(', ')}`;
    },
  },
];

/** What hinders it; undefined when all is granted. */
async function grantRights(settings: AdminSettings): Promise<string | undefined> {
  const { missing } = await withDatabase(settings, applyGrants);
  if (missing.length === 0) return undefined;
  return `the user of DATABASE_URL may not make the roles ${missing.join(', ')} (it lacks CREATEROLE).`;
}

async function readGiven(file: string): Promise<string> {
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch(() => {
    throw new AdminError(`${file} cannot be read.`);
  });
  if (Buffer.byteLength(content) > mostBytes)
    throw new UsageError('FILE has lines as in send=PASSWORD, and is too long.');
  return content;
}

/** Never quotes what it was given. */
function parsePasswords(content: string): Map<DatabaseUser, string> {
  const given = parseEnv(content);
  const unknown = Object.keys(given).some((name) => !databaseUsers.some((user) => user === name));
  if (unknown) throw new UsageError(`FILE has a line that begins with none of ${databaseUsers.join(', ')}.`);
  const users = databaseUsers.filter((user) => given[user] !== undefined);
  if (users.length === 0) throw new UsageError('FILE has no line as in send=PASSWORD.');
  return new Map(
    users.map((user) => {
      const value = given[user] ?? '';
      if (!password.test(value))
        throw new UsageError(`The password of ${user} must have 32 to 200 letters, digits or ._~-`);
      return [user, value];
    }),
  );
}
