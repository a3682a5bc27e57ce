// A private PgBouncer in transaction mode: Debian's package, on a loopback port of its own, as a user without privileges.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../lib/store/database.ts';
import { accountFor } from '../local/account.ts';
import { startChild } from '../local/child.ts';
import { freePort, loopback } from '../local/ports.ts';

export interface PgBouncer {
  /** Of the same database, through it. */
  url: string;
  stop(): Promise<void>;
}

/** `settings` are further lines of its configuration. */
export async function startPgBouncer(
  command: string,
  directory: string,
  databaseUrl: string,
  settings: readonly string[] = [],
): Promise<PgBouncer> {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const { hostname, port: serverPort, username, password, pathname } = new URL(databaseUrl);
  const port = await freePort();
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    [
      '[databases]',
      `* = host=${hostname} port=${serverPort} user=${username} password=${decodeURIComponent(password)}`,
      '[pgbouncer]',
      `listen_addr = ${loopback}`,
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
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
