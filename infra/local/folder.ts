// The folder of local mode: one start at a time, one owner, and a log file for each part.
import { createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argumentsOf, pidIn } from './process-table.ts';

export interface Folder {
  path(...names: string[]): string;
  /** Appends lines to `logs/<name>.log`, which is begun anew at each start. */
  logOf(name: string): (line: string) => void;
  leave(): void;
}

/** Throws where another start is using it or another user owns it. */
export function enterFolder(directory: string): Folder {
  const path = (...names: string[]) => join(directory, ...names);
  const shown = relative(process.cwd(), directory);
  const pidFile = path('start.pid');
  checkOwner(directory, shown);
  mkdirSync(path('logs'), { recursive: true });
  mkdirSync(path('pids'), { recursive: true });
  const other = pidIn(pidFile);
  if (other !== undefined && argumentsOf(other).includes('local/start.ts')) {
    throw new Error(`Local mode already runs in ${shown} (process ${other}): stop that one first`);
  }
  writeFileSync(pidFile, `${process.pid}\n`);

  return {
    path,
    logOf(name) {
      const file = createWriteStream(path('logs', `${name}.log`));
      return (line) => void file.write(`${line}\n`);
    },
    leave: () => rmSync(pidFile, { force: true }),
  };
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
