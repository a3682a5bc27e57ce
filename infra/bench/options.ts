// What may be asked of the bench.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apiKeyMeasure } from './measures/api-key.ts';
import { attachmentsMeasure } from './measures/attachments.ts';
import { authorizeMeasure } from './measures/authorize.ts';
import { batchMeasure } from './measures/batch.ts';
import { drainMeasure } from './measures/drain.ts';
import { fairnessMeasure } from './measures/fairness.ts';
import { growthMeasure } from './measures/growth.ts';
import { latencyMeasure } from './measures/latency.ts';
import type { Measure, Scale } from './measures/measure.ts';
import { memoryMeasure } from './measures/memory.ts';
import { sendMeasure } from './measures/send.ts';
import { startMeasure } from './measures/start.ts';
import { sustainedMeasure } from './measures/sustained.ts';

const all: Measure[] = [
  sendMeasure,
  apiKeyMeasure,
  batchMeasure,
  drainMeasure,
  sustainedMeasure,
  attachmentsMeasure,
  latencyMeasure,
  authorizeMeasure,
  startMeasure,
  memoryMeasure,
  growthMeasure,
  fairnessMeasure,
];

export interface Options {
  measures: Measure[];
  quick: boolean;
  /** What the command line changes of the scale. */
  scale: Partial<Scale>;
  /** Where the results are written; undefined: nowhere. */
  results: string | undefined;
  /** Rows of an earlier run stay there, but for those that are measured again. */
  update: boolean;
  /** Keeps the folder of the run. */
  keep: boolean;
  /** Set when there is nothing to run: what is printed instead, and the exit code. */
  help?: string;
  exitCode?: number;
}

const usage = `Usage: npm run bench -- [options]

  --quick        a few minutes: fewer rounds, smaller counts; its figures are no more than a look
  --only NAME    one measure; may be given several times
  --list         the names of all measures
  --rounds N     times that ours and its baselines are run in turn
  --rows N       rows of the long history (growth); 10000000 takes an hour and some 20 GB
  --no-results   prints only; else a run of all measures goes to infra/bench/results
  --update       with --only: what is measured takes the place of its rows there
  --keep         keeps the folder with the logs`;

export function readOptions(args: string[]): Options {
  const nothing = { measures: [], quick: false, scale: {}, results: undefined, update: false, keep: false };
  const list = all.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n');
  try {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        list: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        rows: { type: 'string' },
        'no-results': { type: 'boolean', default: false },
        update: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help || values.list) return { ...nothing, help: values.list ? list : usage, exitCode: 0 };
    const unknown = values.only?.find((name) => all.every((measure) => measure.name !== name));
    if (unknown !== undefined) return { ...nothing, help: `There is no measure ${unknown}:\n${list}`, exitCode: 2 };
    const rounds = count(values.rounds);
    const rows = count(values.rows);
    return {
      measures: all.filter(({ name }) => values.only?.includes(name) ?? true),
      quick: values.quick,
      scale: {
        ...(rounds !== undefined && { rounds }),
        ...(rows !== undefined && { growth: { few: 10_000, many: rows } }),
      },
      results:
        values['no-results'] || (values.only && !values.update) ? undefined : join(import.meta.dirname, 'results'),
      update: values.update,
      keep: values.keep,
    };
  } catch (error) {
    return { ...nothing, help: `${error instanceof Error ? error.message : error}\n\n${usage}`, exitCode: 2 };
  }
}

function count(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${text} is no count`);
  return Number(text);
}
