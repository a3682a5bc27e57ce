// What a measure is.

import type { Row } from '../row.ts';
import type { MeasuredApi } from '../services/measured-api.ts';

/** How much is done; --quick makes all of it smaller. */
export interface Scale {
  /** Times that ours and its baselines are run in turn. */
  rounds: number;
  /** How long load is put on, in ms. */
  loadMs: number;
  /** Load put on first and not counted: compilers warm up, caches fill. */
  warmUpMs: number;
  /** Emails of one drain. */
  drainEmails: number;
  sustainedMs: number;
  latencyMs: number;
  memoryEmails: number;
  /** Rows of the two histories that are compared. */
  growth: { few: number; many: number };
  /** One client's emails before another's single ones, and those of each of many clients. */
  fairness: { backlog: number; tries: number; clients: number; each: number };
}

export interface Measure {
  name: string;
  about: string;
  run(ground: MeasuredApi, scale: Scale): Promise<Row[]>;
}

export const full: Scale = {
  rounds: 5,
  loadMs: 8_000,
  warmUpMs: 3_000,
  drainEmails: 10_000,
  sustainedMs: 60_000,
  latencyMs: 20_000,
  memoryEmails: 100_000,
  growth: { few: 10_000, many: 1_000_000 },
  fairness: { backlog: 100_000, tries: 50, clients: 50, each: 2_000 },
};

export const quick: Scale = {
  rounds: 2,
  loadMs: 2_500,
  warmUpMs: 1_500,
  drainEmails: 2_000,
  sustainedMs: 8_000,
  latencyMs: 5_000,
  memoryEmails: 5_000,
  growth: { few: 2_000, many: 50_000 },
  fairness: { backlog: 20_000, tries: 20, clients: 20, each: 1_000 },
};
