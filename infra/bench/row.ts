// A row of the table: what was measured, ours beside a baseline, and what the issue asks of it.
import { median, ratios, type Values } from './alternate.ts';
import type { Cost } from './cost.ts';

export interface Goal {
  /** Of the ratio's median, or of ours. */
  of: 'ratio' | 'ours';
  atLeast?: number;
  atMost?: number;
}

export interface Row {
  measure: string;
  unit: string;
  /** One value a round. */
  ours: number[];
  baseline?: { name: string; values: number[] };
  goal?: Goal;
  cost?: Cost;
  note?: string;
}

/** The named value of each run. */
export function valuesOf(runs: readonly Values[], name: string): number[] {
  return runs.map((values) => values[name] ?? Number.NaN);
}

export function ratioOf({ ours, baseline }: Row): { median: number; least: number; most: number } | undefined {
  if (baseline === undefined) return undefined;
  const all = ratios(ours, baseline.values);
  return { median: median(all), least: Math.min(...all), most: Math.max(...all) };
}

/** Undefined where nothing is asked. */
export function isReached(row: Row): boolean | undefined {
  if (row.goal === undefined) return undefined;
  const { of, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = row.goal;
  const value = of === 'ours' ? median(row.ours) : ratioOf(row)?.median;
  return value !== undefined && value >= atLeast && value <= atMost;
}

export function goalText({ goal, unit }: Row): string {
  if (goal === undefined) return '';
  const bound = goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
  return goal.of === 'ratio' ? `${bound} ×` : `${bound} ${unit}`;
}
