// Measures what a run costs each process: CPU time for an email, and peak memory.
import { cpuSeconds, memory } from './services/process-cost.ts';

export interface Cost {
  /** Microseconds of CPU for each email, by process. */
  cpuMicroseconds: Record<string, number>;
  /** Megabytes held at most since the process began. */
  peakMegabytes: Record<string, number>;
}

/** Runs `work`, which resolves with its number of emails, and measures what the named processes and this one used meanwhile. */
export async function withCost(pids: Record<string, number>, work: () => Promise<number>): Promise<Cost> {
  const readAll = () => ({
    ...Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)])),
    // Without the services that this process started.
    'load generator': (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  });
  const before: Record<string, number> = readAll();
  const emails = await work();
  const used = Object.entries(readAll()).map(([name, seconds]) => [
    name,
    ((seconds - (before[name] ?? 0)) * 1e6) / Math.max(emails, 1),
  ]);
  const peaks = Object.entries(pids).map(([name, pid]) => [name, memory(pid).peak]);
  return { cpuMicroseconds: Object.fromEntries(used), peakMegabytes: Object.fromEntries(peaks) };
}
