// Prometheus' promtool: the one of this machine; on Debian, taken out of the package prometheus, which need not be installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve('.local/promtool');
const unpacked = join(folder, 'usr/bin/promtool');

export function findPromtool(): string {
  const { stdout } = spawnSync('sh', ['-c', 'command -v promtool'], { encoding: 'utf8' });
  const found = stdout.trim() || (existsSync(unpacked) ? unpacked : undefined);
  return found ?? unpack();
}

function unpack(): string {
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  // The list of packages may be old, or not there at all.
  if (run('apt-get', 'download', 'prometheus').status !== 0) {
    run('apt-get', 'update');
    run('apt-get', 'download', 'prometheus');
  }
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  if (file !== undefined) run('dpkg', '-x', file, '.');
  if (existsSync(unpacked)) return unpacked;
  throw new Error(
    'promtool is needed: install Prometheus (on Debian the package prometheus), and have promtool on PATH',
  );
}
