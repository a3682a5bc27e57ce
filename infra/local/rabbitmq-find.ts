// Where RabbitMQ's server and Erlang's port mapper are on this machine; on Debian as root, installing them.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onLines } from './child.ts';

export interface RabbitMqBinaries {
  server: string;
  /** Absent where Erlang hides it; RabbitMQ then starts it by itself. */
  epmd: string | undefined;
}

/** Debian: its `rabbitmq-server` on the PATH switches to the user `rabbitmq`; this is the one underneath. */
const debian = '/usr/lib/rabbitmq/bin';
/** Not on an ordinary user's PATH everywhere. */
const usual = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];

export interface FindOptions {
  log: (line: string) => void;
  /** Gets the one line that says that RabbitMQ is being installed. */
  notice: (line: string) => void;
  /** Searched in place of PATH and the usual places; then nothing is installed. */
  path?: string | undefined;
}

let installing: Promise<void> | undefined;

/** Fulfilled once no installation is under way: a package manager must not be left alone half-way. */
export async function installationDone(): Promise<void> {
  await installing?.catch(() => {});
}

export async function findRabbitMq({ log, notice, path }: FindOptions): Promise<RabbitMqBinaries> {
  const found = search(path);
  if (found) return found;
  if (path !== undefined || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(advice());
  notice('RabbitMQ is not installed: installing the package rabbitmq-server with apt-get (this takes a minute) …');
  installing = install(log);
  await installing;
  const installed = search(path);
  if (!installed) throw new Error(advice());
  return installed;
}

function search(path?: string): RabbitMqBinaries | undefined {
  const places = path === undefined ? [debian, ...onPath(), ...usual] : path.split(':');
  const server = places.map((place) => join(place, 'rabbitmq-server')).find((file) => existsSync(file));
  if (!server) return undefined;
  const erl = which('erl');
  const besideErl = erl && join(dirname(realpathSync(erl)), 'epmd');
  return { server, epmd: besideErl && existsSync(besideErl) ? besideErl : which('epmd') };
}

function onPath(): string[] {
  const server = which('rabbitmq-server');
  return server ? [dirname(server)] : [];
}

function which(command: string): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', 'command -v "$0"', command], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function advice(): string {
  const how: Partial<Record<NodeJS.Platform, string>> = {
    linux: existsSync('/usr/bin/apt-get')
      ? 'sudo apt-get install rabbitmq-server'
      : "install your distribution's package rabbitmq-server",
    darwin: 'brew install rabbitmq',
  };
  return (
    'RabbitMQ is needed and `rabbitmq-server` was not found. Either install it ' +
    `(${how[process.platform] ?? 'see its documentation'}) or name a broker: AMQP_URL=amqp://user:password@host:5672`
  );
}

/** Debian asks this file whether a service may start by itself when its package is installed; 101 means no. */
const policy = '/usr/sbin/policy-rc.d';

async function install(log: (line: string) => void): Promise<void> {
  const before = existsSync(policy) ? readFileSync(policy) : undefined;
  const restore = () => (before === undefined ? rmSync(policy, { force: true }) : writeFileSync(policy, before));
  process.once('exit', restore);
  writeFileSync(policy, '#!/bin/sh\nexit 101\n');
  chmodSync(policy, 0o755);
  try {
    const get = ['apt-get', 'install', '--yes', '--no-install-recommends', 'rabbitmq-server'];
    // A fresh machine has no package lists yet.
    if ((await run(get, log)) !== 0 && ((await run(['apt-get', 'update'], log)) !== 0 || (await run(get, log)) !== 0)) {
      throw new Error(`apt-get could not install rabbitmq-server. ${advice()}`);
    }
  } finally {
    process.off('exit', restore);
    restore();
  }
  // Only the programs are wanted: the machine's own broker shall not start at the next boot either.
  if (existsSync('/run/systemd/system')) await run(['systemctl', 'disable', 'rabbitmq-server'], log);
}

function run([command = '', ...args]: string[], log: (line: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    onLines(child.stdout, log);
    onLines(child.stderr, log);
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
}
