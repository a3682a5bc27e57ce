// `npm run bench:profile -- send|batch|token|consume|send-attached|consume-attached`: where a function spends its CPU under the load of its measure.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killChildren } from '../local/child.ts';
import type { FunctionName } from '../local/functions.ts';
import { readShares } from './cpu-profile.ts';
import { handIn } from './measures/attachments.ts';
import { drained, fillOurs } from './measures/drain.ts';
import { httpRun } from './measures/http-run.ts';
import { quick } from './measures/measure.ts';
import { attached, email } from './sample.ts';
import { tokenRequest } from './services/account.ts';
import { buildReadable } from './services/bundles.ts';
import { bringUp, createServices, type MeasuredApi } from './services/measured-api.ts';
import type { NodeProcess } from './services/node-process.ts';

const scale = { ...quick, loadMs: 6_000 };
const drainEmails = 10_000;
const large = { bytes: Number(process.argv[3] ?? 1_000_000), emails: 200 };
const shown = { packages: 25, functions: 45 };

type Start = () => Promise<NodeProcess>;
type Load = (ground: MeasuredApi, start: Start) => Promise<string>;

function accepting(path: string, body: unknown): Load {
  return async (ground, start) => {
    const send = await start();
    const headers = { Authorization: `Bearer ${ground.accessToken}` };
    const { rate } = await httpRun(scale, { port: send.port, path, headers, body: JSON.stringify(body), status: 202 });
    await send.stop();
    return `${Math.round(rate ?? 0)}/s`;
  };
}

/** Emails with an attachment, accepted and delivered; `profiled` is one of the two functions. */
function attaching(other: 'send' | 'consume'): Load {
  return async (ground, start) => {
    const [profiled, beside] = await Promise.all([start(), ground.startFunction(other)]);
    const { url } = other === 'consume' ? profiled : beside;
    const startedAt = performance.now();
    await handIn(ground, url, JSON.stringify({ ...email, attachments: [attached(large.bytes)] }), large.emails);
    await Promise.all([profiled.stop(), beside.stop()]);
    return `${((large.emails * 1000) / (performance.now() - startedAt)).toFixed(1)}/s`;
  };
}

const loads = {
  send: accepting('/send', email),
  batch: accepting(
    '/send/batch',
    Array.from({ length: 100 }, () => email),
  ),
  async token(_ground: MeasuredApi, start: Start) {
    const token = await start();
    const { rate } = await httpRun(scale, { port: token.port, path: '/authorize', body: tokenRequest, status: 200 });
    await token.stop();
    return `${Math.round(rate ?? 0)}/s`;
  },
  async consume(ground: MeasuredApi, start: Start) {
    await fillOurs(ground, drainEmails);
    const { values } = await drained(ground, drainEmails, ['consume', start]);
    return `${Math.round(values.rate ?? 0)}/s`;
  },
  'send-attached': attaching('consume'),
  'consume-attached': attaching('send'),
} satisfies Record<string, Load>;
const functions: Partial<Record<keyof typeof loads, FunctionName>> = {
  batch: 'send',
  'send-attached': 'send',
  'consume-attached': 'consume',
};

/** `CPU.<date>.<time>.<process>.<thread>.<count>.cpuprofile`; the thread 0 is the main one. */
function textOf(file: string, built: string): string {
  const thread = file.split('.').at(-3);
  const program = thread === '0' ? 'index.mjs' : 'thread.mjs';
  const { busyMs, packages, functions } = readShares(file, join(built, program));
  const lines = (shares: [string, number][], most: number) =>
    shares.slice(0, most).map(([what, share]) => `${(share * 100).toFixed(1).padStart(5)} %  ${what}`);
  const head = `thread ${thread}, ${program}: busy for ${busyMs.toFixed(0)} ms`;
  return [head, ...lines(packages, shown.packages), '', ...lines(functions, shown.functions)].join('\n');
}

const name = process.argv[2] as keyof typeof loads;
if (!(name in loads)) throw new Error(`one of: ${Object.keys(loads).join(', ')}`);
const directory = mkdtempSync(join(tmpdir(), 'email-api-bench-'));
chmodSync(directory, 0o711);
const services = createServices();
process.on('exit', killChildren);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
try {
  const ground = await bringUp(directory, services, () => {});
  const profiles = join(directory, 'profile');
  const nodeFlags = ['--cpu-prof', '--cpu-prof-interval=250', `--cpu-prof-dir=${profiles}`];
  const built = join(directory, 'readable');
  const functionName = functions[name] ?? (name as FunctionName);
  await buildReadable(functionName, built);
  const start = () => ground.startFunction(functionName, {}, { file: join(built, 'index.mjs'), nodeFlags });
  console.log(await loads[name](ground, start));
  for (const file of readdirSync(profiles)) console.log(`\n${textOf(join(profiles, file), built)}`);
} finally {
  await services.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
