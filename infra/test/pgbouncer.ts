// A private PgBouncer in transaction mode: Debian's package, on a loopback port of its own, as a user without privileges.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../lib/store/database.ts';
import { accountFor } from '../local/account.ts';
import { startChild } from '../local/child.ts';
import type { FunctionRoles } from '../local/function-roles.ts';
import { freePort, loopback } from '../local/ports.ts';
import { databaseUsers } from '../migrations/grants.ts';

export interface PgBouncer {
  /** Of the same database, through it. */
  url: string;
  stop(): Promise<void>;
}

/** Everybody may enter as whom they like: the owner, and each function as its role. `settings` are further lines of its configuration. */
export async function startPgBouncer(
  command: string,
  directory: string,
  databaseUrl: string,
  roles: FunctionRoles,
  settings: readonly string[] = [],
): Promise<PgBouncer> {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const { hostname, port: serverPort, username, pathname } = new URL(databaseUrl);
  const port = await freePort();
  const file = join(directory, 'pgbouncer.ini');
  const users = join(directory, 'userlist.txt');
  const urls = [databaseUrl, ...databaseUsers.map((user) => roles.urlOf(user, databaseUrl))].map((url) => new URL(url));
  writeFileSync(users, urls.map((url) => `"${url.username}" "${decodeURIComponent(url.password)}"\n`).join(''), {
    mode: 0o644,
  });
  writeFileSync(
    file,
    [
      '[databases]',
      `* = host=${hostname} port=${serverPort}`,
      '[pgbouncer]',
      `listen_addr = ${loopback}`,
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = trust',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      'default_pool_size = 4',
      ...settings,
    ].join('\n'),
    { mode: 0o644 },
  );
  const account = accountFor(directory, directory, command);
  const child = startChild({ name: 'PgBouncer', command, args: [file], account, stopSignal: 'SIGINT', log: () => {} });
  const url = `postgres://${username}@${loopback}:${port}${pathname}`;
  const sql = openDatabase(url, { connections: 1, name: 'test', pooler: 'transaction' });
  await child.until(() =>
    sql`select 1`.then(
      () => true,
      () => false,
    ),
  );
  await sql.end();
  return { url, stop: child.stop };
}
