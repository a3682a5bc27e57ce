// `npm run bench:profile -- send|batch|token|consume`: where a function spends its CPU under the load of its measure.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killChildren } from '../local/child.ts';
import { readShares } from './cpu-profile.ts';
import { drained, fillOurs } from './measures/drain.ts';
import { httpRun } from './measures/http-run.ts';
import { quick } from './measures/measure.ts';
import { email } from './sample.ts';
import { tokenRequest } from './services/account.ts';
import { buildReadable } from './services/bundles.ts';
import { bringUp, createServices, type MeasuredApi } from './services/measured-api.ts';
import type { NodeProcess } from './services/node-process.ts';

const scale = { ...quick, loadMs: 6_000 };
const drainEmails = 10_000;
const shown = { packages: 25, functions: 45 };

type Load = (ground: MeasuredApi, start: () => Promise<NodeProcess>) => Promise<string>;

function accepting(path: string, body: unknown): Load {
  return async (ground, start) => {
    const send = await start();
    const headers = { Authorization: `Bearer ${ground.accessToken}` };
    const { rate } = await httpRun(scale, { port: send.port, path, headers, body: JSON.stringify(body), status: 202 });
    await send.stop();
    return `${Math.round(rate ?? 0)}/s`;
  };
}

const loads: Record<'send' | 'batch' | 'token' | 'consume', Load> = {
  send: accepting('/send', email),
  batch: accepting(
    '/send/batch',
    Array.from({ length: 100 }, () => email),
  ),
  async token(_ground, start) {
    const token = await start();
    const { rate } = await httpRun(scale, { port: token.port, path: '/authorize', body: tokenRequest, status: 200 });
    await token.stop();
    return `${Math.round(rate ?? 0)}/s`;
  },
  async consume(ground, start) {
    await fillOurs(ground, drainEmails);
    const { values } = await drained(ground, drainEmails, ['consume', start]);
    return `${Math.round(values.rate ?? 0)}/s`;
  },
};

const name = process.argv[2] as keyof typeof loads;
if (!(name in loads)) throw new Error(`one of: ${Object.keys(loads).join(', ')}`);
const directory = mkdtempSync(join(tmpdir(), 'email-api-bench-'));
chmodSync(directory, 0o711);
const services = createServices();
process.on('exit', killChildren);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
try {
  const ground = await bringUp(directory, services, () => {});
  const nodeFlags = ['--cpu-prof', '--cpu-prof-interval=250', `--cpu-prof-dir=${directory}/profile`];
  const file = join(directory, `${name}.mjs`);
  const functionName = name === 'batch' ? 'send' : name;
  await buildReadable(functionName, file);
  const rate = await loads[name](ground, () => ground.startFunction(functionName, {}, { file, nodeFlags }));
  const [profile = ''] = readdirSync(`${directory}/profile`);
  const { packages, functions } = readShares(`${directory}/profile/${profile}`, file);
  const lines = (shares: [string, number][], most: number) =>
    shares.slice(0, most).map(([what, share]) => `${(share * 100).toFixed(1).padStart(5)} %  ${what}`);
  console.log([rate, ...lines(packages, shown.packages), '', ...lines(functions, shown.functions)].join('\n'));
} finally {
  await services.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
