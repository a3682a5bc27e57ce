// POST /authorize of a known client, beside the lower of the framework's echo and a bare loop that signs; and with the lighter kinds of keys.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSigningKeys } from '../../../functions/token/create-signing-key.ts';
import { alternate, type Values } from '../alternate.ts';
import { type Cost, withCost } from '../cost.ts';
import { type Row, valuesOf } from '../row.ts';
import { tokenRequest } from '../services/account.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import { httpRun } from './http-run.ts';
import type { Measure, Scale } from './measure.ts';

export const authorizeMeasure: Measure = {
  name: 'authorize',
  about: "POST /authorize of a known client, against the framework's echo and a bare RS256 signing loop",
  async run(ground, scale) {
    const token = await ground.startFunction('token');
    const withES256 = await startWith(ground, 'ES256');
    const withEdDSA = await startWith(ground, 'EdDSA');
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
        ES256: () => httpRun(scale, { port: withES256.port, path: '/authorize', body: tokenRequest, status: 200 }),
        EdDSA: () => httpRun(scale, { port: withEdDSA.port, path: '/authorize', body: tokenRequest, status: 200 }),
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
        ...(['ES256', 'EdDSA'] as const).map((alg) => ({
          ...beside('framework echo', framework),
          measure: `POST /authorize, signed with ${alg}`,
          ours: valuesOf(runs[alg], 'rate'),
        })),
      ];
    } finally {
      await Promise.all([token.stop(), withES256.stop(), withEdDSA.stop(), echo.stop()]);
    }
  },
};

async function startWith(ground: MeasuredApi, alg: 'ES256' | 'EdDSA'): Promise<NodeProcess> {
  const file = join(ground.directory, `signing-keys-${alg}.json`);
  writeFileSync(file, await createSigningKeys(alg));
  return ground.startFunction('token', { SIGNING_KEYS_FILE: file });
}

async function signingRun(ground: MeasuredApi, { loadMs }: Scale): Promise<Values> {
  const said: string[] = [];
  const loop = await ground.runBaseline('signing-loop', { DURATION_MS: String(loadMs) }, (line) => said.push(line));
  await loop.child.done();
  const [, rate] = /^rate (\S+)$/m.exec(said.join('\n')) ?? [];
  return { rate: Number(rate) };
}
