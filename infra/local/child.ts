// A child process that ends with us: stopped by signal, then by force; signalled by the kernel if we die; found again by its pid file.
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Account } from './account.ts';
import { signalGroup } from './process-table.ts';

export interface ChildOptions {
  /** What it is called in messages: "PostgreSQL". */
  name: string;
  command: string;
  args: readonly string[];
  /** Added to what we inherited. */
  env?: Record<string, string>;
  cwd?: string;
  /** What it reads from standard input: secrets, which do not belong on a command line. */
  input?: string;
  /** Another user to run as; only root can set it. */
  account?: Account | undefined;
  /** What asks it to end. */
  stopSignal?: 'SIGTERM' | 'SIGINT';
  /** The signal that the kernel sends it if we die without stopping it; by default the same. */
  deathSignal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL';
  /** How long a stop may take before it is forced, in ms. */
  stopWithin?: number;
  /** Where its pid is kept while it runs, so that the next start finds what a crash of ours left behind. */
  pidFile?: string;
  /** Gets each line it writes. */
  log: (line: string) => void;
}

export interface Child {
  readonly pid: number;
  /** Fulfilled, with how it ended, once it is gone. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  /** SIGKILL, to the process and its group; fulfilled once it is gone. */
  kill(): Promise<void>;
  /** Fulfilled when it ends with status 0; otherwise rejected, with its last lines. */
  done(): Promise<void>;
  /** Fulfilled when `ready` returns true; rejected, with its last lines, when it ends first or takes too long. */
  until(ready: () => Promise<boolean>, within?: number): Promise<void>;
}

/** Between two looks at a condition, in ms. */
const tick = 25;
/** The lines quoted when a child fails to start. */
const quoted = 12;

/** The process groups that run now, for `killChildren`. */
const living = new Set<number>();

/** SIGKILL to every child that still runs: when the user does not want to wait, and as the last step at exit. */
export function killChildren(): void {
  for (const pid of living) signalGroup(pid, 'SIGKILL');
}

export function startChild(options: ChildOptions): Child {
  const { name, log, pidFile, stopSignal = 'SIGTERM', stopWithin = 10_000 } = options;
  const { command, args, spawnAs } = prepared(options, options.deathSignal ?? stopSignal);
  const lastLines: string[] = [];
  const child = spawn(command, args, {
    ...spawnAs,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    // Its own process group, so that Ctrl-C in the terminal reaches only us, and we choose the order of stopping.
    detached: true,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // It may end without reading; then what it says is told.
  child.stdin?.on('error', () => {}).end(options.input);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream)
      onLines(stream, (line) => {
        if (lastLines.push(line) > quoted) lastLines.shift();
        log(line);
      });
  }
  const pid = child.pid ?? 0;
  if (pid) living.add(pid);
  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ended ??= how;
      living.delete(pid);
      if (pidFile) rmSync(pidFile, { force: true });
      resolve(ended);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  if (pidFile && pid) writeFileSync(pidFile, `${pid}\n`);

  const send = (signal: NodeJS.Signals) => {
    if (ended === undefined && pid) signalGroup(pid, signal);
    return exited;
  };
  const fault = (what: string) =>
    new Error([`${name} ${what}. Its last lines:`, ...lastLines.map((line) => `  ${line}`)].join('\n'));

  return {
    pid,
    exited,
    kill: async () => void (await send('SIGKILL')),
    stop: async () => {
      if (ended === undefined) child.kill(stopSignal);
      const forced = setTimeout(() => send('SIGKILL'), stopWithin);
      await exited;
      clearTimeout(forced);
    },
    done: async () => {
      const how = await exited;
      if (how !== 'exit code 0') throw fault(`failed (${how})`);
    },
    until: async (ready, within = 60_000) => {
      const giveUp = Date.now() + within;
      while (ended === undefined && !(await ready())) {
        if (Date.now() > giveUp) {
          await send('SIGKILL');
          throw fault(`was not ready after ${within / 1000} s`);
        }
        await pause(tick);
      }
      if (ended !== undefined) throw fault(`ended at once (${ended})`);
    },
  };
}

export function onLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    // Some programs end a line that they overwrite with a bare CR.
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream.on('end', () => rest && take(rest));
}

let deathSignals: boolean | undefined;

/** Whether `setpriv` (util-linux 2.33 and later) can have the kernel signal a child when its parent dies. */
function canSignalOnDeath(): boolean {
  deathSignals ??= spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0;
  return deathSignals;
}

/** The command as `setpriv` must run it, or as it is where there is no `setpriv` (macOS). */
function prepared({ command, args, account }: ChildOptions, deathSignal: string) {
  const plain: SpawnOptions = account ? { uid: account.uid, gid: account.gid } : {};
  if (!canSignalOnDeath()) return { command, args, spawnAs: plain };
  const privileges = account
    ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...account.privileges]
    : [];
  return {
    command: 'setpriv',
    args: ['--pdeathsig', deathSignal.slice('SIG'.length), ...privileges, '--', command, ...args],
    spawnAs: {},
  };
}
