// Memory of each function: idle, half-way, and after many emails.
import { setTimeout as pause } from 'node:timers/promises';
import { type FunctionName, functionNames } from '../../local/functions.ts';
import type { Row } from '../row.ts';
import { email } from '../sample.ts';
import { load } from '../services/load.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import { memory } from '../services/process-cost.ts';
import { connections } from './http-run.ts';
import type { Measure } from './measure.ts';

/** Idle is what is left some time after the start, in ms. */
const settleMs = 5_000;
const mostUnderWay = 1_000;
/** No half takes longer than this, in ms. */
const patienceMs = 900_000;
/** Growth between half-way and the end that still counts as flat. */
const flat = 1.15;

export const memoryMeasure: Measure = {
  name: 'memory',
  about: 'memory of each function: idle, and after many emails',
  async run(ground, { memoryEmails }) {
    await ground.clear();
    const running = await Promise.all(
      functionNames.map(async (name): Promise<[FunctionName, NodeProcess]> => [name, await ground.startFunction(name)]),
    );
    const functions = new Map(running);
    const read = () => new Map([...functions].map(([name, { pid }]) => [name, memory(pid)]));
    try {
      await pause(settleMs);
      const idle = read();
      await deliver(ground, functions, memoryEmails / 2);
      const halfway = read();
      await deliver(ground, functions, memoryEmails / 2);
      const after = read();
      return functionNames.flatMap((name): Row[] => {
        const [atRest, half, end] = [idle, halfway, after].map((sample) => sample.get(name)?.now ?? Number.NaN) as [
          number,
          number,
          number,
        ];
        return [
          { measure: `${name}: memory, idle`, unit: 'MB', ours: [atRest], goal: { of: 'ours', atMost: 90 } },
          {
            measure: `${name}: memory after ${memoryEmails} emails`,
            unit: 'MB',
            ours: [end],
            baseline: { name: 'half-way', values: [half] },
            goal: { of: 'ours', atMost: 160 },
            note: end / half <= flat ? 'flat' : 'still growing',
          },
        ];
      });
    } finally {
      await Promise.all([...functions.values()].map((one) => one.stop()));
    }
  },
};

/** Hands in `count` emails by HTTP and waits for the last to be delivered. */
async function deliver(ground: MeasuredApi, functions: Map<FunctionName, NodeProcess>, count: number): Promise<void> {
  const { sink } = ground;
  const from = sink.taken();
  let begun = 0;
  await load({
    port: functions.get('send')?.port ?? 0,
    path: '/send',
    headers: { Authorization: `Bearer ${ground.accessToken}` },
    body: JSON.stringify(email),
    connections,
    durationMs: patienceMs,
    most: count,
    status: 202,
    holdBack: () => {
      if (begun - (sink.taken() - from) >= mostUnderWay) return true;
      begun += 1;
      return false;
    },
  });
  await sink.untilTaken(count, from, patienceMs);
}
