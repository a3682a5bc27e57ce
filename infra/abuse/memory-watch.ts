// Memory of the functions, looked at often; whoever is over the limit of its container is killed, as the kernel would.
import { readFileSync } from 'node:fs';
import type { Fleet } from '../faults/fleet.ts';
import type { FunctionName } from '../local/functions.ts';

/** `mem_limit` of the functions in docker-compose.yml. */
const usualMegabytes = 512;
const megabyte = 1024 * 1024;

export type Limits = Partial<Record<FunctionName, number>>;

/** Bytes that a function may have. */
export function limitOf(name: FunctionName, megabytes: Limits = {}): number {
  return (megabytes[name] ?? usualMegabytes) * megabyte;
}

const everyMs = 50;

export interface MemoryWatch {
  /** Most bytes of each function. */
  peaks: Map<string, number>;
  stop(): void;
}

export function watchMemory({ running }: Fleet, megabytes?: Limits): MemoryWatch {
  const peaks = new Map<string, number>();
  const timer = setInterval(() => {
    for (const { name, pid } of running()) {
      const bytes = residentBytes(pid);
      peaks.set(name, Math.max(peaks.get(name) ?? 0, bytes));
      if (bytes > limitOf(name, megabytes)) killOne(pid);
    }
  }, everyMs);
  return { peaks, stop: () => clearInterval(timer) };
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone meanwhile.
  }
}

/** 0 where there is no such process, or no /proc. */
function residentBytes(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
