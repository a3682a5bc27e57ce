// What an email with an attachment costs: CPU of functions, PostgreSQL and RabbitMQ together, beside nodemailer's pool in a bare loop, warm.
import { alternate } from '../alternate.ts';
import { type Cost, withCost } from '../cost.ts';
import { type Row, valuesOf } from '../row.ts';
import { attached, email } from '../sample.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import { drained } from './drain.ts';
import type { Measure } from './measure.ts';

/** Bytes attached, and how many emails carry them. The smallest costs most for its size, and nothing is asked of it. */
const sizes = [
  { name: '2 kB', bytes: 2_000, emails: 600, atMost: undefined },
  { name: '100 kB', bytes: 100_000, emails: 400, atMost: 4 },
  { name: '1 MB', bytes: 1_000_000, emails: 120, atMost: 4 },
  { name: '6.6 MB', bytes: 6_600_000, emails: 30, atMost: 4 },
] as const;
/** Requests at once: the large ones are worth a process each. */
const requestsAtOnce = 4;
const patienceMs = 120_000;
/** Emails that are not counted: compilers warm up. */
const warmUpShare = 0.25;

export const attachmentsMeasure: Measure = {
  name: 'attachments',
  about: "CPU of emails with attachments, against nodemailer's pool in a bare loop",
  async run(ground, { rounds }) {
    const rows: Row[] = [];
    for (const { name, bytes, emails, atMost } of sizes) {
      let cost: Cost | undefined;
      const runs = await alternate(rounds, {
        ours: async () => {
          cost = await costOfOurs(ground, bytes, emails);
          const { 'load generator': _, ...counted } = cost.cpuMicroseconds;
          return { cpu: sum(Object.values(counted)) / 1_000 };
        },
        nodemailer: async () => {
          const settings = { SMTP_URL: ground.sink.url, COUNT: String(emails), ATTACHED: String(bytes) };
          const start = () => ground.runBaseline('nodemailer-pool', settings);
          const run = await drained(ground, emails, ['nodemailer', start]);
          return { cpu: (run.cost.cpuMicroseconds.nodemailer ?? Number.NaN) / 1_000 };
        },
      });
      rows.push({
        measure: `CPU of an email with ${name} attached, accepted and delivered`,
        unit: 'ms',
        ours: valuesOf(runs.ours, 'cpu'),
        baseline: { name: 'bare nodemailer', values: valuesOf(runs.nodemailer, 'cpu') },
        ...(atMost !== undefined && { goal: { of: 'ratio', atMost } as const }),
        ...(cost && { cost }),
      });
    }
    return rows;
  },
};

async function costOfOurs(ground: MeasuredApi, bytes: number, emails: number): Promise<Cost> {
  await ground.clear();
  const [send, consume, dispatch] = await Promise.all([
    ground.startFunction('send'),
    ground.startFunction('consume'),
    ground.startFunction('dispatch'),
  ]);
  try {
    const body = JSON.stringify({ ...email, attachments: [attached(bytes)] });
    const hand = (count: number) => handIn(ground, send.url, body, count);
    await hand(Math.ceil(emails * warmUpShare));
    return await withCost({ send: send.pid, consume: consume.pid, dispatch: dispatch.pid, ...ground.pids }, () =>
      hand(emails),
    );
  } finally {
    await Promise.all([send.stop(), consume.stop(), dispatch.stop()]);
  }
}

/** Hands in `count` emails and waits until they have been delivered. */
export async function handIn(
  { sink, accessToken }: MeasuredApi,
  url: string,
  body: string,
  count: number,
): Promise<number> {
  const from = sink.taken();
  let left = count;
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  const handOnAndOn = async () => {
    while (left > 0) {
      left -= 1;
      const response = await fetch(`${url}/send`, { method: 'POST', headers, body });
      if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
      await response.body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, handOnAndOn));
  await sink.untilTaken(count, from, patienceMs);
  return count;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
