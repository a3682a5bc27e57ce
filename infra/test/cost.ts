// What work costs, measured so that a machine that is slow or busy with other things gives the same verdict.
import { readFileSync } from 'node:fs';

/**
 * Milliseconds of the cheapest of several runs, by the clock or by the processor, whichever says less: what else the machine does makes a
 * run dearer, never cheaper. One run that is cheap enough is enough. What is not, is taken as it would be on the machine that bounds were set on.
 */
export function leastMs(run: () => unknown, enough: number, runs = 20): number {
  let least = Number.POSITIVE_INFINITY;
  for (let left = runs; left > 0 && least > enough; left -= 1) least = Math.min(least, msOf(run));
  return least > enough ? least / slowness() : least;
}

/** The same of the longest turn of the event loop while asynchronous work goes on: for so long it holds up everything else. */
export async function leastTurnMs(work: () => Promise<unknown>, enough: number, runs = 5): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let left = runs; left > 0 && least > enough; left -= 1) least = Math.min(least, await longestTurnMs(work()));
  return least > enough ? least / slowness() : least;
}

/** How many times slower than that machine this one is at the moment; 1 at least. */
export function slowness(): number {
  return Math.max(1, Math.min(...Array.from({ length: 5 }, () => msOf(knownWork))) / knownWorkMs);
}

/** Milliseconds of processors that a process has used so far, all its threads together. */
export function processorMs(pid: number): number {
  // Behind the name, which may have any characters in it; clock ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function msOf(run: () => unknown): number {
  const took = stopwatch();
  run();
  return took();
}

async function longestTurnMs(work: Promise<unknown>): Promise<number> {
  let isDone = false;
  const end = () => {
    isDone = true;
  };
  work.then(end, end);
  let longest = 0;
  while (!isDone) {
    const took = stopwatch();
    await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, took());
  }
  await work;
  return longest;
}

function stopwatch(): () => number {
  const [usedBefore, startedAt] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(usedBefore);
    return Math.min(performance.now() - startedAt, (user + system) / 1_000);
  };
}

/** Measured on a machine of 2024 that had nothing else to do. */
const knownWorkMs = 4;

function knownWork(): number {
  let length = 0;
  for (let index = 0; index < 20_000; index += 1) length += JSON.stringify({ index, text: `${index} and more` }).length;
  return length;
}
