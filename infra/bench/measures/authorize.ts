// POST /authorize of a known client, beside the lower of the framework's echo and a bare loop that signs.
import { alternate, type Values } from '../alternate.ts';
import { type Cost, withCost } from '../cost.ts';
import type { Ground } from '../ground.ts';
import { type Row, valuesOf } from '../row.ts';
import { tokenRequest } from '../services/account.ts';
import { httpRun } from './http-run.ts';
import type { Measure, Scale } from './measure.ts';

export const authorizeMeasure: Measure = {
  name: 'authorize',
  about: "POST /authorize of a known client, against the framework's echo and a bare RS256 signing loop",
  async run(ground, scale) {
    const token = await ground.startFunction('token');
    const echo = await ground.startBaseline('framework-echo');
    try {
      let cost: Cost | undefined;
      const runs = await alternate(scale.rounds, {
        ours: async () => {
          let values: Values = {};
          cost = await withCost({ token: token.pid, PostgreSQL: ground.pids.PostgreSQL }, async () => {
            values = await httpRun(scale, { port: token.port, path: '/authorize', body: tokenRequest, status: 200 });
            return values.answered ?? 0;
          });
          return values;
        },
        framework: () => httpRun(scale, { port: echo.port, path: '/', body: tokenRequest, status: 202 }),
        signing: () => signingRun(ground, scale),
      });
      const framework = valuesOf(runs.framework, 'rate');
      const signing = valuesOf(runs.signing, 'rate');
      const beside = (name: string, values: number[]): Row => ({
        measure: 'POST /authorize, known client',
        unit: '/s',
        ours: valuesOf(runs.ours, 'rate'),
        baseline: { name, values },
      });
      const lower = framework.map((rate, round) => Math.min(rate, signing[round] ?? rate));
      return [
        {
          ...beside('the lower of echo and signing', lower),
          goal: { of: 'ratio', atLeast: 0.75 },
          ...(cost && { cost }),
        },
        beside('framework echo', framework),
        beside('bare RS256 signing', signing),
      ];
    } finally {
      await Promise.all([token.stop(), echo.stop()]);
    }
  },
};

async function signingRun(ground: Ground, { loadMs }: Scale): Promise<Values> {
  const said: string[] = [];
  const loop = await ground.runBaseline('signing-loop', { DURATION_MS: String(loadMs) }, (line) => said.push(line));
  await loop.child.done();
  const [, rate] = /^rate (\S+)$/m.exec(said.join('\n')) ?? [];
  return { rate: Number(rate) };
}
