// POST /send/batch of 100, counted in emails, beside the peer's accept rate: one by one, and as its own batches.
import { alternate, type Values } from '../alternate.ts';
import type { Cost } from '../cost.ts';
import { valuesOf } from '../row.ts';
import { email } from '../sample.ts';
import { acceptingRun, httpRun } from './http-run.ts';
import type { Measure } from './measure.ts';

const size = 100;
const one = JSON.stringify(email);
const batch = JSON.stringify(Array.from({ length: size }, () => email));

export const batchMeasure: Measure = {
  name: 'batch',
  about: 'POST /send/batch of 100, against what the peer accepts',
  async run(ground, scale) {
    const { redis } = ground;
    const send = await ground.startFunction('send');
    const peer = redis && (await ground.startBaseline('peer-api', { REDIS_PORT: String(redis.port) }));
    try {
      const status = await statusOfBatch(send.url, ground.accessToken);
      if (status === 404)
        return [{ measure: 'POST /send/batch of 100', unit: '/s', ours: [], note: 'no such route yet' }];
      let cost: Cost | undefined;
      const runs = await alternate(scale.rounds, {
        ours: async () => {
          const run = await acceptingRun(ground, send, scale, { path: '/send/batch', body: batch, status }, size);
          cost = run.cost;
          return inEmails(run.values);
        },
        peer: async () => {
          if (redis === undefined || peer === undefined) return {};
          const single = await httpRun(scale, { port: peer.port, path: '/send', body: one, status: 202 });
          await redis.clear();
          const batches = await httpRun(scale, { port: peer.port, path: '/send/batch', body: batch, status: 202 });
          await redis.clear();
          return { single: single.rate ?? 0, ...inEmails(batches) };
        },
      });
      const measure = 'POST /send/batch of 100, emails accepted';
      const ours = valuesOf(runs.ours, 'emails');
      const beside = (name: string, value: string) => ({
        measure,
        unit: '/s',
        ours,
        ...(peer && { baseline: { name, values: valuesOf(runs.peer, value) } }),
      });
      return [
        {
          ...beside('peer, one by one', 'single'),
          goal: { of: 'ratio', atLeast: 1.2 },
          ...(cost && { cost }),
        },
        beside('peer, addBulk of 100', 'emails'),
      ];
    } finally {
      await Promise.all([send.stop(), peer?.stop()]);
    }
  },
};

function inEmails(values: Values): Values {
  return { emails: (values.rate ?? 0) * size };
}

/** What the route answers to a good batch; 404 while it is not built. */
async function statusOfBatch(url: string, accessToken: string): Promise<number> {
  const response = await fetch(`${url}/send/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: batch,
  });
  const text = await response.text();
  if (response.status === 404 || response.ok) return response.status;
  throw new Error(`POST /send/batch: ${response.status} ${text}`);
}
