// From the start of a process to its first answer, and how big its bundle is, beside the framework's echo.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { functionNames } from '../../local/functions.ts';
import { alternate, type Run, type Values } from '../alternate.ts';
import { type Row, valuesOf } from '../row.ts';
import type { Measure } from './measure.ts';

/** A start is short: more of them cost little. */
const startsPerRound = 3;

export const startMeasure: Measure = {
  name: 'start',
  about: "from a process's start to its first answer, and the size of its bundle",
  async run(ground, { rounds }) {
    const ofFunctions = functionNames.map((name): [string, Run] => [
      name,
      async () => {
        const started = await ground.startFunction(name, {}, { probe: '/healthz' });
        await started.stop();
        return { s: started.startedMs / 1000 };
      },
    ]);
    const runs: Record<string, Values[]> = await alternate<string>(rounds * startsPerRound, {
      ...Object.fromEntries(ofFunctions),
      echo: async () => {
        const started = await ground.startBaseline('framework-echo');
        await started.stop();
        return { s: started.startedMs / 1000 };
      },
    });
    return functionNames.flatMap((name): Row[] => [
      {
        measure: `${name}: start to first answer`,
        unit: 's',
        ours: valuesOf(runs[name] ?? [], 's'),
        baseline: { name: 'framework echo', values: valuesOf(runs.echo ?? [], 's') },
        goal: { of: 'ours', atMost: 0.35 },
      },
      {
        measure: `${name}: bundle`,
        unit: 'MB',
        ours: [statSync(join(ground.bundles, name, 'index.mjs')).size / 1e6],
        goal: { of: 'ours', atMost: 1.5 },
      },
    ]);
  },
};
