// Writes the results for the README: all figures as JSON, and a chart of them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

interface WrittenRow extends Row {
  /** When it was measured. */
  at: string;
}

/**
 * `<scale>.json` and `<scale>.svg`: a quick look never overwrites the figures of a full run. With `update`, rows of an earlier run
 * stay but for those that were measured again.
 */
export function writeResults(directory: string, rows: readonly Row[], scale: string, update: boolean): void {
  const file = join(directory, `${scale}.json`);
  const at = new Date().toISOString();
  const earlier = update && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).rows as WrittenRow[]) : [];
  const measured = new Map([...earlier, ...rows.map((row) => ({ at, ...row }))].map((row) => [keyOf(row), row]));
  const all = [...measured.values()];
  const machine = describeMachine();
  const written = all.map((row) => ({
    ...row,
    median: median(row.ours),
    ratio: ratioOf(row),
    asked: goalText(row),
    reached: isReached(row),
  }));
  writeFileSync(file, `${JSON.stringify({ scale, machine, rows: written }, rounded, 2)}\n`);
  writeFileSync(join(directory, `${scale}.svg`), drawChart(all, machine));
}

function keyOf({ measure, baseline }: Row): string {
  return `${measure}, ${baseline?.name}`;
}

/** Four digits: a run on a shared machine is not more exact. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
