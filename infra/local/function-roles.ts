// Roles of the database for functions that are started here, by `npm start` and by tests: their passwords, and each one's DATABASE_URL.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { loginOf } from '../admin/logins.ts';
import { databaseUsers } from '../migrations/grants.ts';

export interface FunctionRoles {
  /** What the operator's command `database roles` reads. */
  file: string;
  /** The same database, as the function's role; without change for a function that has none. */
  urlOf(name: string, databaseUrl: string): string;
}

/** `database` is the one that the roles are made in. The passwords are in the file, and those that are missing are made. */
export function functionRoles(file: string, database = 'postgres'): FunctionRoles {
  const known = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  // Of a function that is newer than the file, too.
  const missing = databaseUsers.filter((user) => !known[user]);
  const lines = missing.map((user) => `${user}=${randomBytes(24).toString('base64url')}\n`);
  if (lines.length > 0) writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'a' });
  const passwords = parseEnv(readFileSync(file, 'utf8'));
  return {
    file,
    urlOf(name, databaseUrl) {
      const user = databaseUsers.find((known) => known === name);
      if (user === undefined) return databaseUrl;
      const url = new URL(databaseUrl);
      url.username = loginOf(database, user);
      url.password = passwords[user] ?? '';
      return url.href;
    },
  };
}
