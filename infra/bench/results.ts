// What a run leaves behind for the README: all figures as JSON, and a chart of them.
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from './alternate.ts';
import { drawChart } from './chart.ts';
import { goalText, isReached, type Row, ratioOf } from './row.ts';

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores shared by everything (${model}), ${gigabytes} GB, Node ${process.version}`;
}

/** `<scale>.json` and `<scale>.svg`: a quick look never overwrites the figures of a full run. */
export function writeResults(directory: string, rows: readonly Row[], scale: string): void {
  const machine = describeMachine();
  const measured = rows.map((row) => ({
    ...row,
    median: median(row.ours),
    ratio: ratioOf(row),
    goal: goalText(row),
    reached: isReached(row),
  }));
  const content = { at: new Date().toISOString(), scale, machine, rows: measured };
  writeFileSync(join(directory, `${scale}.json`), `${JSON.stringify(content, rounded, 2)}\n`);
  writeFileSync(join(directory, `${scale}.svg`), drawChart(rows, machine));
}

/** Four digits say all that a run on a shared machine can know. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
