// One worker draining a full queue, beside nodemailer's pool in a bare loop and the peer's worker. Counted at the sink.
import { insertEmails } from '../../../lib/store/emails/accept.ts';
import { alternate, type Values } from '../alternate.ts';
import { type Cost, withCost } from '../cost.ts';
import { type Row, valuesOf } from '../row.ts';
import { client, email, newEmail } from '../sample.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import type { Measure } from './measure.ts';

/** The first emails are not counted: the process is starting, its compiler warming up. */
const uncountedShare = 0.2;
/** Longest drain, in ms. */
const patienceMs = 180_000;
/** Rows that are filled in at once. */
const groupSize = 500;
/** Most jobs that the peer's API takes at once. */
const peerBatch = 100;
/** No relay runs here; nothing is due before the drain is over. */
const graceMs = 600_000;

export const drainMeasure: Measure = {
  name: 'drain',
  about: "one worker draining a full queue, against nodemailer's pool in a bare loop, and the peer's worker",
  async run(ground, { rounds, drainEmails }) {
    let cost: Cost | undefined;
    const runs = await alternate(rounds, {
      ours: async () => {
        await fillOurs(ground, drainEmails);
        const run = await drained(ground, drainEmails, ['consume', () => ground.startFunction('consume')]);
        cost = run.cost;
        return run.values;
      },
      nodemailer: async () => {
        const settings = { SMTP_URL: ground.sink.url, COUNT: String(drainEmails) };
        return (
          await drained(ground, drainEmails, ['nodemailer', () => ground.runBaseline('nodemailer-pool', settings)])
        ).values;
      },
      peer: async () => {
        if (ground.redis === undefined) return {};
        await fillPeer(ground, drainEmails);
        const settings = { SMTP_URL: ground.sink.url, REDIS_PORT: String(ground.redis.port) };
        return (await drained(ground, drainEmails, ['peer', () => ground.runBaseline('peer-worker', settings)])).values;
      },
    });
    const row = (name: string, baseline: Values[], atLeast: number): Row => ({
      measure: 'one worker draining a full queue, delivered',
      unit: '/s',
      ours: valuesOf(runs.ours, 'rate'),
      baseline: { name, values: valuesOf(baseline, 'rate') },
      goal: { of: 'ratio', atLeast },
    });
    return [
      { ...row('bare nodemailer', runs.nodemailer, 0.85), ...(cost && { cost }) },
      ...(ground.redis ? [row("peer's worker", runs.peer, 1.2)] : []),
    ];
  },
};

/** Rate at the sink, and what it cost, while the process that `start` started delivers. */
export async function drained(
  { sink, pids }: MeasuredApi,
  emails: number,
  [name, start]: [string, () => Promise<NodeProcess>],
): Promise<{ values: Values; cost: Cost }> {
  const before = sink.taken();
  const worker = await start();
  try {
    await sink.untilTaken(Math.floor(emails * uncountedShare), before, patienceMs);
    const first = sink.taken();
    const from = performance.now();
    let rate = 0;
    const cost = await withCost({ [name]: worker.pid, ...pids, sink: sink.pid }, async () => {
      await sink.untilTaken(emails, before, patienceMs);
      const counted = sink.taken() - first;
      rate = counted / ((performance.now() - from) / 1000);
      return counted;
    });
    return { values: { rate }, cost };
  } finally {
    await worker.stop();
  }
}

/** Committed rows and their ids on the queue, as the send function leaves them. */
export async function fillOurs(ground: MeasuredApi, emails: number): Promise<void> {
  await ground.clear();
  for (let filled = 0; filled < emails; filled += groupSize) {
    const group = Array.from({ length: Math.min(groupSize, emails - filled) }, newEmail);
    await insertEmails(ground.sql, [{ client_id: client.id, idempotency: null, emails: group }], graceMs);
    await Promise.all(group.map(({ id, lane }) => ground.queue.publish(lane, id, null)));
  }
}

/** Jobs in Redis, through the peer's own API, which is gone before its worker starts. */
async function fillPeer(ground: MeasuredApi, emails: number): Promise<void> {
  const api = await ground.startBaseline('peer-api', { REDIS_PORT: String(ground.redis?.port) });
  try {
    const body = JSON.stringify(Array.from({ length: peerBatch }, () => email));
    for (let filled = 0; filled < emails; filled += peerBatch) {
      const response = await fetch(`${api.url}/send/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (response.status !== 202) throw new Error(`the peer answered ${response.status}: ${await response.text()}`);
      await response.body?.cancel();
    }
  } finally {
    await api.stop();
  }
}
