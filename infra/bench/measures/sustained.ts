// The rate at which the whole chain accepts and delivers, without a growing queue, beside the peer and Postfix.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { alternate, type Values } from '../alternate.ts';
import { type Cost, withCost } from '../cost.ts';
import { type Row, valuesOf } from '../row.ts';
import { email, mimeBytes } from '../sample.ts';
import { type LoadOptions, load } from '../services/load.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import { connections } from './http-run.ts';
import type { Measure, Scale } from './measure.ts';

/** Most emails accepted and not yet delivered; above it, the load pauses, so the queue cannot grow. */
const mostUnderWay = 1_000;
/** Longest time for emails under way at the end, in ms. */
const patienceMs = 60_000;

export const sustainedMeasure: Measure = {
  name: 'sustained',
  about: 'accepted and delivered together, the queue not growing, against the peer and Postfix',
  async run(ground, scale) {
    let cost: Cost | undefined;
    const { ours, peer, postfix } = await alternate(scale.rounds, {
      ours: async () => {
        const run = await sustainOurs(ground, scale);
        cost = run.cost;
        return run.values;
      },
      peer: () => sustainPeer(ground, scale),
      postfix: () => sustainPostfix(ground, scale),
    });
    const row = (name: string, baseline: Values[], atLeast: number): Row => ({
      measure: `accepted and delivered, sustained for ${scale.sustainedMs / 1000} s`,
      unit: '/s',
      ours: valuesOf(ours, 'rate'),
      baseline: { name, values: valuesOf(baseline, 'rate') },
      goal: { of: 'ratio', atLeast },
    });
    return [
      ...(ground.redis ? [{ ...row('peer', peer, 1.2), ...(cost && { cost }) }] : []),
      ...(ground.postfix ? [row('Postfix', postfix, 0.5)] : []),
    ];
  },
};

async function sustainOurs(ground: MeasuredApi, scale: Scale): Promise<{ values: Values; cost: Cost }> {
  await ground.clear();
  const [send, consume, dispatch] = await Promise.all([
    ground.startFunction('send'),
    ground.startFunction('consume'),
    ground.startFunction('dispatch'),
  ]);
  try {
    let values: Values = {};
    const headers = { Authorization: `Bearer ${ground.accessToken}` };
    const pids = { send: send.pid, consume: consume.pid, dispatch: dispatch.pid, ...ground.pids };
    const cost = await withCost(pids, async () => {
      values = await sustain(ground, scale, { port: send.port, headers });
      return values.delivered ?? 0;
    });
    return { values, cost };
  } finally {
    await Promise.all([send.stop(), consume.stop(), dispatch.stop()]);
  }
}

async function sustainPeer(ground: MeasuredApi, scale: Scale): Promise<Values> {
  if (ground.redis === undefined) return {};
  await ground.redis.clear();
  const settings = { SMTP_URL: ground.sink.url, REDIS_PORT: String(ground.redis.port) };
  const [api, worker] = await Promise.all([
    ground.startBaseline('peer-api', settings),
    ground.runBaseline('peer-worker', settings),
  ]);
  try {
    return await sustain(ground, scale, { port: api.port });
  } finally {
    await Promise.all([api.stop(), worker.stop()]);
  }
}

/** `rate`: delivered in the time that load was put on, in seconds. All that was accepted is waited for. */
async function sustain(
  { sink }: MeasuredApi,
  scale: Scale,
  target: Pick<LoadOptions, 'port' | 'headers'>,
): Promise<Values> {
  const from = sink.taken();
  let begun = 0;
  const options = {
    ...target,
    path: '/send',
    body: JSON.stringify(email),
    connections,
    status: 202,
    holdBack: () => {
      if (begun - (sink.taken() - from) >= mostUnderWay) return true;
      begun += 1;
      return false;
    },
  };
  const warmUp = await load({ ...options, durationMs: scale.warmUpMs });
  const warmAt = sink.taken();
  const { answered, seconds } = await load({ ...options, durationMs: scale.sustainedMs });
  const rate = (sink.taken() - warmAt) / seconds;
  const accepted = warmUp.answered + answered;
  await sink.untilTaken(accepted, from, patienceMs);
  return { rate, delivered: accepted };
}

/** As many emails as fit in the time, by the rate of a first, small helping; from the first byte in to the last email out. */
async function sustainPostfix(ground: MeasuredApi, scale: Scale): Promise<Values> {
  if (ground.postfix === undefined) return {};
  const sample = await feedPostfix(ground, 500);
  const count = Math.ceil((sample * scale.sustainedMs) / 1000);
  return { rate: await feedPostfix(ground, count) };
}

async function feedPostfix({ postfix, sink }: MeasuredApi, count: number): Promise<number> {
  if (postfix === undefined) return Number.NaN;
  const before = sink.taken();
  const from = performance.now();
  const message = ['-l', String(mimeBytes), '-f', 'shop@example.com', '-t', 'receiver@example.com'];
  const source = spawn(postfix.smtpSource, [
    ...['-s', '20', '-m', String(count), ...message],
    `127.0.0.1:${postfix.port}`,
  ]);
  const ended = once(source, 'exit');
  try {
    await sink.untilTaken(count, before, count * 20 + patienceMs);
  } finally {
    source.kill();
    await ended;
  }
  return count / ((performance.now() - from) / 1000);
}
