// Whether one client's backlog holds up another: a single email behind very many, and clients with as many each.
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Row } from '../row.ts';
import { email } from '../sample.ts';
import { percentile } from '../services/load.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import type { Measure, Scale } from './measure.ts';

/** Emails of one request. */
const batch = 100;
/** Requests at once. */
const atOnce = 8;
/** How long one email, and how long all of them, may take, in ms. */
const onePatienceMs = 120_000;
const allPatienceMs = 900_000;

export const fairnessMeasure: Measure = {
  name: 'fairness',
  about: "one client's single email behind another's backlog, and how far apart many clients with as many each end",
  async run(ground, { fairness }) {
    const delays = await behindABacklog(ground, fairness);
    const ends = await manyClients(ground, fairness);
    const row = (measure: string, unit: string, value: number, atMost: number): Row => ({
      ...{ measure, unit, ours: [value], goal: { of: 'ours', atMost } },
    });
    const [first = 0] = ends;
    const last = ends.at(-1) ?? 0;
    const behind = `behind ${fairness.backlog} of another client`;
    return [
      row(`a single email ${behind}, p50 of ${fairness.tries}`, 'ms', percentile(delays, 0.5), 1_000),
      row(`a single email ${behind}, p99 of ${fairness.tries}`, 'ms', percentile(delays, 0.99), 1_000),
      row(
        `${fairness.clients} clients with ${fairness.each} each, first end to last`,
        '%',
        (100 * (last - first)) / last,
        10,
      ),
    ];
  },
};

type Fairness = Scale['fairness'];

/** From the 202 to the final dot of each single email, in ms, ascending. The worker starts when the backlog is there. */
async function behindABacklog(ground: MeasuredApi, { backlog, tries }: Fairness): Promise<number[]> {
  await ground.clear();
  const single = await ground.createClient('single');
  return whileSending(ground, async (send, startWorker) => {
    await handIn(
      send,
      Array.from({ length: backlog / batch }, () => ground.accessToken),
    );
    await startWorker();
    const delays: number[] = [];
    for (let tried = 0; tried < tries; tried += 1) {
      const [id = ''] = await post(send, single, '/send', JSON.stringify(email));
      const from = performance.timeOrigin + performance.now();
      delays.push((await dotOf(ground, id, onePatienceMs)) - from);
      await pause(100);
    }
    const [left] = await ground.sql<{ count: number }[]>`
      select count(*)::integer from emails where client_id <> 'single' and finished_at is null`;
    if (left?.count === 0) throw new Error('the backlog was gone before the last try');
    return delays.sort((a, b) => a - b);
  });
}

/** When the last email of each client was taken, in ms since the worker started, ascending. */
async function manyClients(ground: MeasuredApi, { clients, each }: Fairness): Promise<number[]> {
  await ground.clear();
  const tokens: string[] = [];
  for (let index = 0; index < clients; index += 1) tokens.push(await ground.createClient(`client-${index}`));
  return whileSending(ground, async (send, startWorker) => {
    const requests = Array.from({ length: each / batch }, () => tokens).flat();
    const ids = await handIn(send, requests);
    const from = performance.timeOrigin + performance.now();
    await startWorker();
    const ends = new Map<string, number>();
    for (const [index, token] of requests.entries()) {
      for (const id of ids[index] ?? []) {
        ends.set(token, Math.max(ends.get(token) ?? 0, (await dotOf(ground, id, allPatienceMs)) - from));
      }
    }
    return [...ends.values()].sort((a, b) => a - b);
  });
}

async function whileSending<Result>(
  ground: MeasuredApi,
  work: (send: NodeProcess, startWorker: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  ground.timingSink.dots.clear();
  const running = [await ground.startFunction('send'), await ground.startFunction('dispatch')];
  const [send] = running;
  try {
    if (send === undefined) throw new Error('no send function');
    return await work(send, async () => {
      running.push(await ground.startFunction('consume', { SMTP_URL: ground.timingSink.url }));
    });
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

/** A batch for each token, in this order. Resolves with their ids. */
function handIn(send: NodeProcess, tokens: string[]): Promise<string[][]> {
  const body = JSON.stringify(Array.from({ length: batch }, () => email));
  const limit = pLimit(atOnce);
  return Promise.all(tokens.map((token) => limit(() => post(send, token, '/send/batch', body))));
}

async function post(send: NodeProcess, token: string, path: string, body: string): Promise<string[]> {
  const response = await fetch(send.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  });
  if (response.status !== 202) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  const answer = (await response.json()) as { id: string } | { data: { id: string }[] };
  return 'data' in answer ? answer.data.map(({ id }) => id) : [answer.id];
}

async function dotOf({ timingSink }: MeasuredApi, id: string, withinMs: number): Promise<number> {
  for (const giveUp = performance.now() + withinMs; ; ) {
    const at = timingSink.dots.get(`<${id}@example.com>`);
    if (at !== undefined) return at;
    if (performance.now() > giveUp) throw new Error(`an email was not delivered within ${withinMs} ms`);
    await pause(5);
  }
}
