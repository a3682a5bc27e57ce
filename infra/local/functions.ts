// The functions of local mode: the built bundles as processes of their own, each on a free loopback port.
import { resolve } from 'node:path';
import { startChild } from './child.ts';
import type { Folder } from './folder.ts';
import { freePorts, loopback } from './ports.ts';
import { endLeftover } from './process-table.ts';
import { supervise } from './supervise.ts';

export const functionNames = [
  'token',
  'send',
  'consume',
  'dispatch',
  'history',
  'manage',
  'notify',
  'intake',
  'console',
] as const;
export type FunctionName = (typeof functionNames)[number];

/** Settings of the functions; each gets those that concern it. */
export interface Surroundings {
  databaseUrlOf: (name: FunctionName) => string;
  amqpUrl: string;
  smtpUrl: string;
  issuer: string;
  signingKeys: string;
  /** Where the mailbox's answers come back to; undefined: another relay is in its place. */
  reports: { port: number; secretFile: string } | undefined;
  logLevel: string;
}

const loopbackRanges = '127.0.0.0/8 ::1/128';

/** A drain lets requests that wait for an outcome (30 s at most) and deliveries under way finish, in ms. */
const drainMs = 40_000;

export async function startFunctions(surroundings: Surroundings, folder: Folder, say: (line: string) => void) {
  const free = await freePorts(functionNames.length);
  const ports = Object.fromEntries(functionNames.map((name, index) => [name, free[index] ?? 0])) as Record<
    FunctionName,
    number
  >;
  const started = await Promise.allSettled(
    functionNames.map((name) => {
      const env = { ...environmentOf(name, surroundings, ports), PORT: String(ports[name]) };
      const write = folder.logOf(name);
      const isNews = unlessJustSaid();
      let isUp = false;
      const log = (line: string) => {
        write(line);
        // Before it is ready, it may log that it waits for others. If it fails to start, its last lines are quoted.
        const shown = isUp && worthShowing(line);
        if (shown && isNews(shown)) say(`${name}: ${shown}`);
      };
      const start = async () => {
        isUp = false;
        const child = await startFunction(name, { env, log, folder });
        isUp = true;
        return child;
      };
      return supervise(name, start, say);
    }),
  );
  const stop = async () => {
    await Promise.all(started.map((result) => result.status === 'fulfilled' && result.value.stop()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { ports, stop };
}

/** Nobody looks it up: the mailbox brings reports to this machine. */
const returnPathHost = 'bounce.example.test';

function environmentOf(name: FunctionName, given: Surroundings, ports: Record<FunctionName, number>) {
  const { reports } = given;
  const returnPath = reports && { RETURN_PATH_HOST: returnPathHost, RETURN_PATH_SECRET_FILE: reports.secretFile };
  const own: Partial<Record<FunctionName, Record<string, string>>> = {
    token: { SIGNING_KEYS_FILE: given.signingKeys },
    consume: { SMTP_URL: given.smtpUrl, ...returnPath },
    intake: { ...returnPath, ...(reports && { INTAKE_SMTP_PORT: String(reports.port) }) },
    // A developer's webhook endpoints are on this machine, without TLS.
    manage: { WEBHOOK_ALLOWED_ADDRESSES: loopbackRanges },
    notify: { WEBHOOK_ALLOWED_ADDRESSES: loopbackRanges },
  };
  return {
    HOST: loopback,
    LOG_LEVEL: given.logLevel,
    DATABASE_URL: given.databaseUrlOf(name),
    AMQP_URL: given.amqpUrl,
    ISSUER: given.issuer,
    JWKS_URL: `http://${loopback}:${ports.token}/.well-known/jwks.json`,
    ...own[name],
  };
}

interface Launch {
  env: Record<string, string>;
  log: (line: string) => void;
  folder: Folder;
}

async function startFunction(name: FunctionName, { env, log, folder }: Launch) {
  const bundle = resolve('dist', name, 'index.mjs');
  const pidFile = folder.path('pids', `${name}.pid`);
  await endLeftover(pidFile, bundle);
  const child = startChild({
    name,
    command: process.execPath,
    args: [bundle],
    env,
    pidFile,
    stopWithin: drainMs,
    log,
  });
  await child.until(() => isReady(`http://${loopback}:${env.PORT}/readyz`));
  return child;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Least time in ms between two equal lines on the terminal: a function that waits for the broker logs every attempt. */
const repeatAfter = 30_000;

function unlessJustSaid(): (line: string) => boolean {
  const saidAt = new Map<string, number>();
  return (line) => {
    const isNews = Date.now() - (saidAt.get(line) ?? 0) > repeatAfter;
    if (isNews) saidAt.set(line, Date.now());
    return isNews;
  };
}

/** Warnings, errors, and output that is not a log line (a crash). */
function worthShowing(line: string): string | undefined {
  try {
    const { level, message, reason, error, cause } = JSON.parse(line);
    if (level !== 'warn' && level !== 'error') return undefined;
    const why = reason ?? error?.message ?? cause?.message;
    return `${level}: ${message}${why ? ` (${why})` : ''}`;
  } catch {
    return line.trim();
  }
}
