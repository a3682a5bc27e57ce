// Where RabbitMQ's server and Erlang's port mapper are: on this machine or, where there is apt, in packages that are fetched into `.local`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canFetch, fetchPackages } from './rabbitmq-packages.ts';

export interface RabbitMqBinaries {
  server: string;
  /** Absent where Erlang hides it; RabbitMQ then starts it by itself. */
  epmd: string | undefined;
  /** What they need in their environment. */
  env: Record<string, string>;
}

/** Debian: its `rabbitmq-server` on the PATH switches to the user `rabbitmq`; this is the one underneath. */
const debian = '/usr/lib/rabbitmq/bin';
/** Not on an ordinary user's PATH everywhere. */
const usual = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];
/** In the checkout, also for tests: packages are fetched once. */
const unpacked = join(import.meta.dirname, '../../.local/rabbitmq-packages');

export interface FindOptions {
  log: (line: string) => void;
  /** Gets the one line that says that packages are being fetched. */
  notice: (line: string) => void;
  /** Searched in place of PATH and the usual places. */
  path?: string | undefined;
  /** Where packages are unpacked. `false`: nothing is fetched. */
  packages?: string | false | undefined;
}

let fetching: Promise<void> | undefined;

export async function findRabbitMq(options: FindOptions): Promise<RabbitMqBinaries> {
  const { log, notice, path, packages = unpacked } = options;
  const found = search(path) ?? (packages ? unpackedIn(packages) : undefined);
  if (found) return found;
  if (!packages || !canFetch()) throw new Error(advice('RabbitMQ is needed, and `rabbitmq-server` was not found'));
  // Several start at once in tests.
  fetching ??= fetchPackages({ folder: packages, log, notice }).finally(() => {
    fetching = undefined;
  });
  try {
    await fetching;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      advice(`${why}\n\nRabbitMQ is needed, is not installed, and could not be fetched (is there a network?)`),
    );
  }
  const fetched = unpackedIn(packages);
  if (!fetched) throw new Error(advice('The packages of RabbitMQ have no `rabbitmq-server`'));
  return fetched;
}

/** Undefined until `fetchPackages` has filled the folder. */
export function unpackedIn(folder: string): RabbitMqBinaries | undefined {
  const server = join(folder, 'usr/lib/rabbitmq/bin/rabbitmq-server');
  if (!existsSync(server)) return undefined;
  const programs = join(folder, 'usr/lib/erlang/bin');
  const libraries = librariesIn(folder);
  const env = {
    PATH: joined([programs, process.env.PATH]),
    ...(libraries.length > 0 && { LD_LIBRARY_PATH: joined([...libraries, process.env.LD_LIBRARY_PATH]) }),
  };
  return { server, epmd: realpathSync(join(programs, 'epmd')), env };
}

const joined = (paths: (string | undefined)[]) => paths.filter(Boolean).join(':');

/** The folders of libraries, as in usr/lib/x86_64-linux-gnu. */
function librariesIn(folder: string): string[] {
  const parents = ['lib', 'usr/lib'].map((path) => join(folder, path)).filter((path) => existsSync(path));
  return parents.flatMap((path) =>
    readdirSync(path)
      .filter((name) => name.includes('-linux-gnu'))
      .map((name) => join(path, name)),
  );
}

function search(path?: string): RabbitMqBinaries | undefined {
  const places = path === undefined ? [debian, ...onPath(), ...usual] : path.split(':');
  const server = places.map((place) => join(place, 'rabbitmq-server')).find((file) => existsSync(file));
  if (!server) return undefined;
  const erl = which('erl');
  const besideErl = erl && join(dirname(realpathSync(erl)), 'epmd');
  return { server, epmd: besideErl && existsSync(besideErl) ? besideErl : which('epmd'), env: {} };
}

function onPath(): string[] {
  const server = which('rabbitmq-server');
  return server ? [dirname(server)] : [];
}

function which(command: string): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', 'command -v "$0"', command], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function advice(trouble: string): string {
  const how: Partial<Record<NodeJS.Platform, string>> = {
    linux: canFetch() ? 'sudo apt-get install rabbitmq-server' : "install your distribution's package rabbitmq-server",
    darwin: 'brew install rabbitmq',
  };
  return (
    `${trouble}. Either install it (${how[process.platform] ?? 'see its documentation'}) ` +
    'or name a broker: AMQP_URL=amqp://user:password@host:5672 npm start'
  );
}
