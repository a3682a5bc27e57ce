// Runs one attack: starts functions on their own database, measures a polite client alone, then beside the attack.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deleteQueues } from '../faults/by-hand.ts';
import { type Fleet, startFleet } from '../faults/fleet.ts';
import { client, greedyClient, type Services } from '../faults/services.ts';
import { startSmtp } from '../faults/smtp.ts';
import type { Attack } from './attack.ts';
import { limitBytes, watchMemory } from './memory-watch.ts';
import { beFor, type Measured, politeEmail, politeGrant } from './polite.ts';

export interface Result {
  attack: Attack;
  calm: Measured;
  beside: Measured;
  deaths: string[];
  peaks: Map<string, number>;
  answers: string;
  complaints: string[];
}

const usualMostP99Ms = 100;
/** On a machine that is busy already, it may be so many times what it is there without the attack. */
const timesCalm = 3;
const calmMs = 2_000;
const attackMs = { short: 6_000, full: 20_000 };

export async function runAttack(attack: Attack, services: Services, full: boolean): Promise<Result> {
  const databaseUrl = await services.createDatabase(`abuse_${attack.name.replaceAll('-', '_')}`);
  await deleteQueues(services.rabbitMq.running.url);
  const smtp = await startSmtp({});
  const open: { fleet?: Fleet; attacker?: ChildProcess } = {};
  try {
    const fleet = await startFleet({
      bundles: services.bundles,
      logs: join(services.directory, 'logs', attack.name),
      settings: {
        DATABASE_URL: databaseUrl,
        AMQP_URL: services.rabbitMq.running.url,
        SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
        SIGNING_KEYS_FILE: services.signingKeys,
        ISSUER: 'http://api.example.test',
        // What Node takes from the limit of a container.
        NODE_OPTIONS: `--max-old-space-size=${limitBytes / 2 / 1024 / 1024}`,
        BODY_MEMORY_BYTES: String(Math.floor(limitBytes * 0.4)),
      },
      roles: services.roles,
      own: {},
      copies: {},
    });
    open.fleet = fleet;
    const { urls } = fleet;
    const asking = await politeRequest(attack, urls);
    // What a function does at its first request is not what is measured.
    await beFor(500, asking.url, asking);
    const calm = await beFor(calmMs, asking.url, asking);
    const watch = watchMemory(fleet);
    const ground = { urls, token: await tokenOf(urls.token, greedyClient), full };
    const attacker = fork(fileURLToPath(new URL('./attacker.ts', import.meta.url)), [
      JSON.stringify({ name: attack.name, ground }),
    ]);
    open.attacker = attacker;
    await nextMessage(attacker);
    const beside = await beFor(full ? attackMs.full : attackMs.short, asking.url, asking);
    const told = nextMessage(attacker);
    attacker.send('stop');
    const { answers = [] } = await told;
    watch.stop();
    const deaths = fleet.surprises.filter((what) => what.includes('ended by itself'));
    const result = { attack, calm, beside, deaths, peaks: watch.peaks };
    return { ...result, answers: textOf(answers), complaints: complaintsAbout(result, full) };
  } finally {
    open.attacker?.kill('SIGKILL');
    await open.fleet?.stop();
    await smtp.stop();
  }
}

/** Times are judged in the full form alone: the short one runs in CI, on whatever machine. */
function complaintsAbout(
  { attack, calm, beside, deaths }: Omit<Result, 'peaks' | 'answers' | 'complaints'>,
  full: boolean,
): string[] {
  const most = Math.max(attack.mostP99Ms ?? usualMostP99Ms, calm.p99 * timesCalm);
  return [
    ...deaths,
    ...(full && beside.p99 > most
      ? [`the polite client waited ${beside.p99.toFixed(0)} ms at p99, more than ${most.toFixed(0)}`]
      : []),
    ...(beside.failed > 0 ? [`${beside.failed} of ${beside.asked} polite requests failed`] : []),
  ];
}

async function politeRequest({ polite = 'send' }: Attack, urls: Fleet['urls']) {
  const headers = { 'content-type': 'application/json' };
  if (polite === 'authorize') return { url: `${urls.token}/authorize`, body: politeGrant, headers, right: 200 };
  const authorization = `Bearer ${await tokenOf(urls.token, client)}`;
  return { url: `${urls.send}/send`, body: politeEmail, headers: { ...headers, authorization }, right: 202 };
}

async function tokenOf(url: string, who: typeof client): Promise<string> {
  const body = JSON.stringify({ grant_type: 'client_credentials', ...who });
  const response = await fetch(`${url}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { access_token } = (await response.json()) as { access_token?: string };
  if (access_token === undefined) throw new Error(`No token: ${response.status}`);
  return access_token;
}

interface Told {
  answers?: [string, number][];
}

function nextMessage(attacker: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    attacker.once('message', (told: Told) => resolve(told));
    attacker.once('exit', (code) => reject(new Error(`the attacker ended with ${code}`)));
  });
}

function textOf(answers: [string, number][]): string {
  return answers.map(([what, times]) => `${what} × ${times}`).join(', ');
}
