// POST /send at 64 connections, every 202 a committed row, beside the framework's echo and the peer.
import { alternate } from '../alternate.ts';
import type { Cost } from '../cost.ts';
import { type Row, valuesOf } from '../row.ts';
import { email } from '../sample.ts';
import { acceptingRun, httpRun } from './http-run.ts';
import type { Measure } from './measure.ts';

const body = JSON.stringify(email);

export const sendMeasure: Measure = {
  name: 'send',
  about: 'POST /send at 64 connections, against an echo on the functions framework',
  async run(ground, scale) {
    const send = await ground.startFunction('send');
    const echo = await ground.startBaseline('framework-echo');
    let cost: Cost | undefined;
    try {
      const { ours, framework } = await alternate(scale.rounds, {
        ours: async () => {
          const run = await acceptingRun(ground, send, scale, { path: '/send', body, status: 202 });
          cost = run.cost;
          return run.values;
        },
        framework: () => httpRun(scale, { port: echo.port, path: '/', body, status: 202 }),
      });
      const row = (measure: string, unit: string, name: string, goal: NonNullable<Row['goal']>): Row => ({
        measure,
        unit,
        ours: valuesOf(ours, name),
        baseline: { name: 'framework echo', values: valuesOf(framework, name) },
        goal,
      });
      return [
        { ...row('POST /send, 64 connections', '/s', 'rate', { of: 'ratio', atLeast: 0.75 }), ...(cost && { cost }) },
        row('POST /send, 64 connections, p99', 'ms', 'p99', { of: 'ratio', atMost: 3 }),
      ];
    } finally {
      await Promise.all([send.stop(), echo.stop()]);
    }
  },
};
