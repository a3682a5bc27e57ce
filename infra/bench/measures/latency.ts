// From the 202 to the sink's final dot at 50 emails a second, beside the peer's.
import { setTimeout as pause } from 'node:timers/promises';
import { alternate, type Values } from '../alternate.ts';
import { type Row, valuesOf } from '../row.ts';
import { email } from '../sample.ts';
import { percentile } from '../services/load.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import type { Measure, Scale } from './measure.ts';

const perSecond = 50;
/** How long the last emails may take, in ms. */
const patienceMs = 20_000;
const body = JSON.stringify(email);

export const latencyMeasure: Measure = {
  name: 'latency',
  about: "from the 202 to the sink's final dot at 50 emails a second, against the peer",
  async run(ground, scale) {
    const { ours, peer } = await alternate(scale.rounds, {
      ours: () => ofOurs(ground, scale),
      peer: () => ofPeer(ground, scale),
    });
    const row = (name: 'p50' | 'p99', atMost: number): Row => ({
      measure: `202 to the final dot at ${perSecond}/s, ${name}`,
      unit: 'ms',
      ours: valuesOf(ours, name),
      ...(ground.redis && { baseline: { name: 'peer', values: valuesOf(peer, name) } }),
      goal: { of: 'ours', atMost },
    });
    return [row('p50', 15), row('p99', 60)];
  },
};

async function ofOurs(ground: MeasuredApi, scale: Scale): Promise<Values> {
  await ground.clear();
  const started = await Promise.all([
    ground.startFunction('send'),
    ground.startFunction('consume', { SMTP_URL: ground.timingSink.url }),
    ground.startFunction('dispatch'),
  ]);
  return whileRunning(started, ([send]) =>
    latencies(ground, scale, `${send?.url}/send`, { authorization: `Bearer ${ground.accessToken}` }),
  );
}

async function ofPeer(ground: MeasuredApi, scale: Scale): Promise<Values> {
  if (ground.redis === undefined) return {};
  const settings = { SMTP_URL: ground.timingSink.url, REDIS_PORT: String(ground.redis.port) };
  const started = await Promise.all([
    ground.startBaseline('peer-api', settings),
    ground.runBaseline('peer-worker', settings),
  ]);
  return whileRunning(started, ([api]) => latencies(ground, scale, `${api?.url}/send`, {}));
}

async function whileRunning(started: NodeProcess[], work: (started: NodeProcess[]) => Promise<Values>) {
  try {
    return await work(started);
  } finally {
    await Promise.all(started.map((one) => one.stop()));
  }
}

/** Requests are begun by the clock, whether or not those before have been answered. */
async function latencies(
  { timingSink }: MeasuredApi,
  scale: Scale,
  url: string,
  headers: Record<string, string>,
): Promise<Values> {
  timingSink.dots.clear();
  const acceptedAt = new Map<string, number>();
  const requests: Promise<void>[] = [];
  const warmUps = (scale.warmUpMs / 1000) * perSecond;
  const count = warmUps + (scale.latencyMs / 1000) * perSecond;
  const from = performance.now();
  for (let index = 0; index < count; index += 1) {
    await pause(Math.max(0, from + (index * 1000) / perSecond - performance.now()));
    requests.push(sendOne(index >= warmUps));
  }
  await Promise.all(requests);
  const dotOf = (id: string) => timingSink.dots.get(`<${id}@example.com>`);
  for (const giveUp = performance.now() + patienceMs; [...acceptedAt.keys()].some((id) => dotOf(id) === undefined); ) {
    if (performance.now() > giveUp) throw new Error('emails were accepted and not delivered');
    await pause(10);
  }
  const taken = [...acceptedAt].map(([id, at]) => (dotOf(id) ?? Number.NaN) - at).sort((a, b) => a - b);
  return { p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) };

  async function sendOne(counts: boolean): Promise<void> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const at = performance.timeOrigin + performance.now();
    const { id } = (await response.json()) as { id: string };
    if (response.status !== 202) throw new Error(`${url} answered ${response.status}`);
    if (counts) acceptedAt.set(id, at);
  }
}
