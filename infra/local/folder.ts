// The folder of local mode: one start at a time, one owner, and a log file for each part.
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { argumentsOf, pidIn } from './process-table.ts';

export interface Folder {
  path(...names: string[]): string;
  /** Appends lines to `logs/<name>.log`, which is begun anew at each start. */
  logOf(name: string): (line: string) => void;
  leave(): void;
}

const pidFileOf = (directory: string) => join(directory, 'start.pid');

/** The process of `npm start` that uses the folder. */
export function startedIn(directory: string): number | undefined {
  const pid = pidIn(pidFileOf(directory));
  return pid !== undefined && argumentsOf(pid).includes('local/start.ts') ? pid : undefined;
}

/** Throws when another start uses the folder or another user owns it. */
export function enterFolder(directory: string): Folder {
  const path = (...names: string[]) => join(directory, ...names);
  const shown = relative(process.cwd(), directory);
  const pidFile = pidFileOf(directory);
  checkOwner(directory, shown);
  for (const name of ['', 'logs', 'pids']) mkdirSync(path(name), { recursive: true, mode: 0o700 });
  closeToOthers(directory);
  const other = startedIn(directory);
  if (other !== undefined) {
    throw new Error(`Local mode already runs in ${shown} (process ${other}): stop that one first`);
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });

  return {
    path,
    logOf(name) {
      const file = createWriteStream(path('logs', `${name}.log`), { mode: 0o600 });
      return (line) => void file.write(`${line}\n`);
    },
    leave: () => rmSync(pidFile, { force: true }),
  };
}

/**
 * The folder holds emails, keys and passwords, so it is closed to others, also if an earlier start left it open. If we are root,
 * PostgreSQL runs as another user: it may pass through to its own folder, but not list the others.
 */
export const passable = process.getuid?.() === 0 ? 0o711 : 0o700;

function closeToOthers(directory: string): void {
  chmodSync(directory, passable);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) chmodSync(path, entry.name === 'postgres' ? passable : 0o700);
    else if (entry.isFile()) chmodSync(path, 0o600);
  }
  for (const log of readdirSync(join(directory, 'logs'))) chmodSync(join(directory, 'logs', log), 0o600);
}

function checkOwner(directory: string, shown: string): void {
  const user = process.getuid?.();
  if (user === undefined || user === 0 || !existsSync(directory)) return;
  const foreign = ['', ...readdirSync(directory)].some((name) => statSync(join(directory, name)).uid !== user);
  if (foreign) {
    throw new Error(
      `${shown} was made by another user (root?): start as that user, or remove it (it holds the local data)`,
    );
  }
}
