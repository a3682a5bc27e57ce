// The processes of this machine: reads command lines by pid, and ends processes that an earlier run left behind.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Between two looks at a process, in ms. */
const tick = 25;
/** How long a leftover may take to end when asked, and again when forced, in ms. */
const leftoverWait = 10_000;
/** How long processes may take that end by themselves, in ms. */
const ownEnd = 2000;

/** Ends the process of a previous run's pid file, if its arguments still contain `mark`. */
export async function endLeftover(pidFile: string, mark: string, signal?: NodeJS.Signals): Promise<void> {
  const pid = pidIn(pidFile);
  if (pid !== undefined) await endIfStill(pid, mark, signal);
  rmSync(pidFile, { force: true });
}

/** Ends the process, unless its pid has since been given to another program. */
export async function endIfStill(pid: number, mark: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const isStill = () => argumentsOf(pid).includes(mark);
  for (const step of [signal, 'SIGKILL'] as const) {
    if (isStill()) signalGroup(pid, step);
    for (const giveUp = Date.now() + leftoverWait; isStill() && Date.now() < giveUp; ) await pause(tick);
  }
  if (isStill()) throw new Error(`Process ${pid} of an earlier start still uses ${mark} and cannot be ended from here`);
}

export function pidIn(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isNaN(pid) || pid <= 1 ? undefined : pid;
  } catch {
    return undefined;
  }
}

/** The command line of a process; empty once it is gone (or only waits for its parent to notice). */
export function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // Elsewhere than on Linux; there a minimal machine has no `ps`.
    const { stdout } = spawnSync('ps', ['-ww', '-o', 'stat=,args=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout && !stdout.trimStart().startsWith('Z') ? stdout : '';
  }
}

/** Signals a process and the group it leads; succeeds also if the process has already ended. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // If there is no such group, signal only the process; if there is no such process, it has already ended.
    }
  }
}

/** The processes that name the folder in their arguments or work in it, as "pid arguments"; ourselves excepted. */
export function processesIn(directory: string): string[] {
  if (!existsSync('/proc/self/cmdline')) {
    const { stdout } = spawnSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line.includes(directory) && Number.parseInt(line, 10) !== process.pid);
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids
    .filter((pid) => argumentsOf(Number(pid)).includes(directory) || workingFolderOf(pid).startsWith(directory))
    .map((pid) => `${pid} ${argumentsOf(Number(pid))}`);
}

/** Waits until processes in the folder have ended, but not for ever: the user may have a shell open there. */
export async function untilNoneIn(directory: string, within = ownEnd): Promise<void> {
  for (const giveUp = Date.now() + within; processesIn(directory).length > 0 && Date.now() < giveUp; )
    await pause(tick);
}

function workingFolderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
