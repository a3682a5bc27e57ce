// One run of HTTP load: a warm-up, then the count; for our send, also a check that every 202 is a committed row.
import type { Values } from '../alternate.ts';
import { type Cost, withCost } from '../cost.ts';
import { type LoadOptions, load, percentile } from '../services/load.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import type { Scale } from './measure.ts';

/** The number of connections of the goal. */
export const connections = 64;

export type HttpLoad = Omit<LoadOptions, 'connections' | 'durationMs'>;

/** `rate` in answers a second, `p50` and `p99` in ms, `answered` with those of the warm-up. */
export async function httpRun(scale: Scale, options: HttpLoad): Promise<Values> {
  const warmUp = await load({ ...options, connections, durationMs: scale.warmUpMs });
  const { answered, seconds, latencies } = await load({ ...options, connections, durationMs: scale.loadMs });
  return {
    rate: answered / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    answered: warmUp.answered + answered,
  };
}

/** The same against our send function on an empty table. Throws unless there is a row for every email that was accepted. */
export async function acceptingRun(
  ground: MeasuredApi,
  send: NodeProcess,
  scale: Scale,
  options: Omit<HttpLoad, 'port' | 'headers'>,
  emailsPerRequest = 1,
): Promise<{ values: Values; cost: Cost }> {
  await ground.clear();
  const headers = { Authorization: `Bearer ${ground.accessToken}` };
  let values: Values = {};
  const cost = await withCost({ send: send.pid, ...ground.pids }, async () => {
    values = await httpRun(scale, { ...options, port: send.port, headers });
    return (values.answered ?? 0) * emailsPerRequest;
  });
  const promised = (values.answered ?? 0) * emailsPerRequest;
  const [{ stored } = { stored: 0 }] = await ground.sql<{ stored: number }[]>`
    select count(*)::integer as stored from emails`;
  if (stored !== promised) throw new Error(`${promised} emails were accepted, ${stored} are stored`);
  return { values, cost };
}
