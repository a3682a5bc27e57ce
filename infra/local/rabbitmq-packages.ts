// RabbitMQ and Erlang of Debian's packages, fetched and unpacked into a folder: without root, and without a change of the machine.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { startChild } from './child.ts';
import { argumentsOf } from './process-table.ts';

export interface PackagesOptions {
  /** Where they are unpacked. It can be moved with the checkout. */
  folder: string;
  log: (line: string) => void;
  /** Gets the one line that says that packages are being fetched. */
  notice: (line: string) => void;
}

/** All of it together may take this long, in ms. */
const limit = 600_000;
/** apt's own waits: a network that is away shall be noticed soon. As root, apt would fetch as a user who cannot reach the folder. */
const patience = [
  ...['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20'],
  ...['-o', 'APT::Sandbox::User=root'],
];

/** Whether this machine has what fetching needs: Debian, Ubuntu and their like. */
export function canFetch(): boolean {
  return ['/usr/bin/apt-get', '/usr/bin/dpkg', '/usr/bin/dpkg-query'].every((file) => existsSync(file));
}

/** Unpacks into a temporary folder, which is renamed when it is complete: an interrupted one is begun again. */
export async function fetchPackages({ folder, log, notice }: PackagesOptions): Promise<void> {
  // RabbitMQ's scripts do not quote their own path.
  if (folder.includes(' ')) throw new Error(`RabbitMQ cannot run from ${folder}: its path has a space in it`);
  notice("RabbitMQ is not installed: fetching Debian's packages of it into .local, once (about 35 MB) …");
  removeUnfinished(folder);
  const unfinished = `${folder}.${process.pid}`;
  const [debs, root] = [join(unfinished, 'debs'), join(unfinished, 'root')];
  for (const path of [debs, root]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const run = runner(debs, log);
  try {
    // With the machine's package lists; with lists of our own where those are missing or too old.
    await download(run, []).catch(async () => {
      const own = ownLists(join(unfinished, 'apt'));
      await run('apt-get', [...own, 'update']);
      await download(run, own);
    });
    for (const deb of readdirSync(debs).filter((file) => file.endsWith('.deb'))) await run('dpkg', ['-x', deb, root]);
    makeMovable(root);
    // Another start may have been faster.
    if (!existsSync(folder)) renameSync(root, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

type Run = (command: string, args: string[]) => Promise<string[]>;

function runner(cwd: string, log: (line: string) => void): Run {
  const until = Date.now() + limit;
  return async (command, args) => {
    const lines: string[] = [];
    const take = (line: string) => {
      lines.push(line);
      log(line);
    };
    const env = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
    const name = [command, ...args.filter((arg) => ['update', 'download', 'install'].includes(arg))].join(' ');
    const child = startChild({ name, command, args, cwd, env, log: take });
    const timer = setTimeout(() => child.kill(), until - Date.now());
    await child.done().finally(() => clearTimeout(timer));
    return lines;
  };
}

async function download(run: Run, lists: readonly string[]): Promise<void> {
  // Of all that RabbitMQ would bring to an empty machine, Erlang is always taken: the machine's own may be of another version.
  const asIfEmpty = ['-o', 'Dir::State::status=/dev/null', '-o', 'APT::Get::Show-User-Simulation-Note=false'];
  const plan = ['-s', '--no-install-recommends', ...asIfEmpty, 'install', 'rabbitmq-server'];
  const lines = await run('apt-get', [...lists, ...plan]);
  const names = lines.filter((line) => line.startsWith('Inst ')).map((line) => line.split(' ')[1] ?? '');
  const installed = installedPackages();
  const wanted = names.filter(
    (name) =>
      name === 'rabbitmq-server' ||
      name.startsWith('erlang-') ||
      // The machine's own libraries are good; those that it lacks are unpacked beside Erlang.
      (name.startsWith('lib') && !installed.has(name)),
  );
  await run('apt-get', [...lists, ...patience, 'download', ...wanted]);
}

function installedPackages(): Set<string> {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', `\${Package} \${db:Status-Status}\n`], { encoding: 'utf8' });
  const rows = stdout.split('\n').map((line) => line.split(' '));
  return new Set(rows.filter(([, status]) => status === 'installed').map(([name = '']) => name));
}

/** Options that let apt keep lists in a folder of ours: its own are root's. */
function ownLists(state: string): string[] {
  for (const path of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, path), { recursive: true, mode: 0o700 });
  return [...patience, '-o', `Dir::State=${state}`, '-o', `Dir::Cache=${join(state, 'cache')}`];
}

/** Debian's `erl` knows only where its package is installed. */
function makeMovable(root: string): void {
  const erl = join(root, 'usr/lib/erlang/bin/erl');
  const here = 'ROOTDIR="$(dirname "$(dirname "$(realpath "$0")")")"';
  const text = readFileSync(erl, 'utf8').replaceAll('ROOTDIR=/usr/lib/erlang', here);
  if (!text.includes(here)) throw new Error('The package erlang-base has a start script that is not known here');
  writeFileSync(erl, text);
  chmodSync(erl, 0o755);
}

/** What a start that was killed left behind; not what another one is filling now. */
function removeUnfinished(folder: string): void {
  if (!existsSync(dirname(folder))) return;
  const begin = `${basename(folder)}.`;
  for (const name of readdirSync(dirname(folder))) {
    if (!name.startsWith(begin)) continue;
    const pid = Number(name.slice(begin.length));
    if (pid && argumentsOf(pid) === '') rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}
