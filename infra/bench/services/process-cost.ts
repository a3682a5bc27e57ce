// What processes cost, from /proc: CPU time of a process with everything below it, and memory.
import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks of CPU time; USER_HZ is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * CPU seconds that the process and all its descendants have used, the ended ones included: PostgreSQL serves each connection
 * with a process of its own.
 */
export function cpuSeconds(pid: number): number {
  const stats = new Map(readStats().map((stat) => [stat.pid, stat]));
  const isBelow = (candidate: number): boolean => {
    if (candidate === pid) return true;
    const parent = stats.get(candidate)?.parent ?? 0;
    return parent > 1 && isBelow(parent);
  };
  let ticks = 0;
  for (const stat of stats.values()) if (isBelow(stat.pid)) ticks += stat.ticks;
  return ticks / ticksPerSecond;
}

/** Megabytes that the process holds now, and held at most since it began. */
export function memory(pid: number): { now: number; peak: number } {
  const status = readOrEmpty(`/proc/${pid}/status`);
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1000;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

interface Stat {
  pid: number;
  parent: number;
  /** Its own, and those of children that have ended. */
  ticks: number;
}

function readStats(): Stat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    // "pid (name) state ppid …": the name may hold anything, so what counts begins after its last bracket.
    const text = readOrEmpty(`/proc/${pid}/stat`);
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const at = (number: number) => Number(fields[number - 3] ?? 0);
    return text === '' ? [] : [{ pid: Number(pid), parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) }];
  });
}

/** A process may end while it is looked at. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
