// Runs one attack: starts functions on their own database, measures a polite client alone, then beside the attack.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deleteQueues } from '../faults/by-hand.ts';
import { type Fleet, startFleet } from '../faults/fleet.ts';
import { client, greedyClient, type Services } from '../faults/services.ts';
import { startSmtp } from '../faults/smtp.ts';
import type { FunctionName } from '../local/functions.ts';
import type { Attack } from './attack.ts';
import { loopDelayMs } from './loop-delay.ts';
import { limitOf, watchMemory } from './memory-watch.ts';
import { beFor, type Measured, politeEmail, politeGrant } from './polite.ts';

export interface Result {
  attack: Attack;
  calm: Measured;
  beside: Measured;
  deaths: string[];
  peaks: Map<string, number>;
  /** Of the event loop of send, at p99, in ms. */
  delay: Record<'calm' | 'beside', number | undefined>;
  answers: string;
  complaints: string[];
}

/** As in lib/http/memory.ts, which knows no container here. */
const bodyShare = 0.4;
const usualMostP99Ms = 100;
/** On a machine that is busy already, it may be so many times what it is there without the attack. */
const timesCalm = 3;
const calmMs = 2_000;
const attackMs = { short: 6_000, full: 20_000 };
/** Of an attack that ends by itself, with all that it brought. */
const mostMs = { short: 400_000, full: 1_200_000 };
/** How long the event loop of send may be held up, at p99. */
const mostDelayMs = 50;
/** Each asks the database again and again until it is delivered. */
const deliveryEveryMs = 250;

export async function runAttack(attack: Attack, services: Services, full: boolean): Promise<Result> {
  const databaseUrl = await services.createDatabase(`abuse_${attack.name.replaceAll('-', '_')}`);
  await deleteQueues(services.rabbitMq.running.url);
  const smtp = await startSmtp({});
  if (attack.relay) await smtp.behave(attack.relay);
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
        ...limitsOf('send'),
        BODY_MEMORY_BYTES: String(Math.floor(limitOf('send') * bodyShare)),
      },
      own: Object.fromEntries(
        Object.keys(attack.megabytes ?? {}).map((name) => [name, limitsOf(name as FunctionName, attack.megabytes)]),
      ),
      roles: services.roles,
      copies: {},
    });
    open.fleet = fleet;
    const { urls } = fleet;
    const asking = await politeRequest(attack, urls);
    // What a function does at its first request is not what is measured.
    await beFor(500, asking.url, asking);
    await loopDelayMs(urls.send);
    const calm = await beFor(calmMs, asking.url, asking);
    const calmDelay = await loopDelayMs(urls.send);
    const watch = watchMemory(fleet, attack.megabytes);
    const ground = { urls, token: await tokenOf(urls.token, greedyClient), full };
    const attacker = fork(fileURLToPath(new URL('./attacker.ts', import.meta.url)), [
      JSON.stringify({ name: attack.name, ground }),
    ]);
    open.attacker = attacker;
    await nextMessage(attacker);
    await loopDelayMs(urls.send);
    const form = full ? 'full' : 'short';
    let isLeft = attack.ends === true;
    const end =
      attack.ends &&
      nextMessage(attacker).then(() => {
        isLeft = false;
      });
    const beside = await beFor((attack.ends ? mostMs : attackMs)[form], asking.url, asking, end);
    const delay = { calm: calmDelay, beside: await loopDelayMs(urls.send) };
    const told = nextMessage(attacker);
    attacker.send('stop');
    const { answers = [] } = await told;
    watch.stop();
    const deaths = fleet.surprises.filter((what) => what.includes('ended by itself'));
    const result = { attack, calm, beside, deaths, peaks: watch.peaks, delay };
    const complaints = complaintsAbout(result, full);
    if (isLeft) complaints.push('what it brought was not dealt with in time');
    return { ...result, answers: textOf(answers), complaints };
  } finally {
    open.attacker?.kill('SIGKILL');
    await open.fleet?.stop();
    await smtp.stop();
  }
}

/** What Node takes from the limit of a container. */
function limitsOf(name: FunctionName, megabytes?: Attack['megabytes']) {
  return { NODE_OPTIONS: `--max-old-space-size=${limitOf(name, megabytes) / 2 / 1024 / 1024}` };
}

/** Times are judged in the full form alone: the short one runs in CI, on whatever machine. */
function complaintsAbout(
  { attack, calm, beside, deaths, delay }: Omit<Result, 'peaks' | 'answers' | 'complaints'>,
  full: boolean,
): string[] {
  const mostDelay = Math.max(mostDelayMs, (delay.calm ?? 0) * timesCalm);
  const most = Math.max(attack.mostP99Ms ?? usualMostP99Ms, calm.p99 * timesCalm);
  return [
    ...deaths,
    ...(full && beside.p99 > most
      ? [`the polite client waited ${beside.p99.toFixed(0)} ms at p99, more than ${most.toFixed(0)}`]
      : []),
    ...(full && (delay.beside ?? 0) > mostDelay
      ? [
          `the event loop of send was held up for ${delay.beside?.toFixed(0)} ms at p99, more than ${mostDelay.toFixed(0)}`,
        ]
      : []),
    ...(beside.failed > 0 ? [`${beside.failed} of ${beside.asked} polite requests failed`] : []),
  ];
}

async function politeRequest({ polite = 'send' }: Attack, urls: Fleet['urls']) {
  const headers = { 'content-type': 'application/json' };
  if (polite === 'authorize') return { url: `${urls.token}/authorize`, body: politeGrant, headers, right: 200 };
  const authorization = `Bearer ${await tokenOf(urls.token, client)}`;
  const sending = { url: `${urls.send}/send`, body: politeEmail };
  if (polite === 'send') return { ...sending, headers: { ...headers, authorization }, right: 202 };
  // 200 once it is delivered (RFC 7240).
  return {
    ...sending,
    headers: { ...headers, authorization, prefer: 'wait=15' },
    right: 200,
    everyMs: deliveryEveryMs,
  };
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
