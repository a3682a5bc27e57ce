// The functions under test: the built bundles as processes, killed on purpose and started again as a supervisor would.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Child, startChild } from '../local/child.ts';
import type { FunctionRoles } from '../local/function-roles.ts';
import { type FunctionName, functionNames } from '../local/functions.ts';
import { freePorts, loopback } from '../local/ports.ts';
import { logTo } from './log-file.ts';

export type Settings = Record<string, string>;

export interface FleetOptions {
  bundles: string;
  logs: string;
  /** For all of them. */
  settings: Settings & { DATABASE_URL: string };
  /** Whom each is in the database. */
  roles: FunctionRoles;
  /** For one of them. */
  own: Partial<Record<FunctionName, Settings>>;
  /** How many of each; one where not said. */
  copies: Partial<Record<FunctionName, number>>;
}

export interface Kill {
  name: FunctionName;
  at: number;
  /** When its successor was running; undefined until then. */
  until?: number;
}

export interface Fleet {
  /** Of each function's first copy. */
  urls: Record<FunctionName, string>;
  kills: Kill[];
  /** Those that run now. */
  running(): { name: FunctionName; pid: number }[];
  /** Processes that ended unasked, or with a wrong status. */
  surprises: string[];
  /** SIGKILL to one copy, picked at random; fulfilled when its successor is ready. */
  kill(name: FunctionName): Promise<void>;
  /** SIGTERM to all at once; each must end with status 0. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** What a supervisor takes to notice and start again, in ms. */
const restartAfterMs = 200;
/** More than the 25 s that the functions give themselves to drain. */
const drainMs = 30_000;

interface Copy {
  name: FunctionName;
  port: number;
  log: (line: string) => void;
  child?: Child;
  endIsExpected: boolean;
}

export async function startFleet({ bundles, logs, settings, roles, own, copies }: FleetOptions): Promise<Fleet> {
  const wanted = functionNames.flatMap((name) => Array.from({ length: copies[name] ?? 1 }, () => name));
  const ports = await freePorts(wanted.length);
  const fleet: Copy[] = wanted.map((name, index) => ({
    name,
    port: ports[index] ?? 0,
    log: logTo(join(logs, `${name}-${index}.log`)),
    endIsExpected: false,
  }));
  const urls = Object.fromEntries(
    functionNames.map((name) => [name, `http://${loopback}:${fleet.find((copy) => copy.name === name)?.port}`]),
  ) as Record<FunctionName, string>;
  const kills: Kill[] = [];
  const surprises: string[] = [];
  let stopped = false;

  async function startCopy(copy: Copy): Promise<void> {
    const env = {
      NODE_ENV: 'production',
      ...settings,
      DATABASE_URL: roles.urlOf(copy.name, settings.DATABASE_URL),
      ...own[copy.name],
      JWKS_URL: `${urls.token}/.well-known/jwks.json`,
      PORT: String(copy.port),
      HOST: loopback,
    };
    const args = [join(bundles, copy.name, 'index.mjs')];
    const child = startChild({
      ...{ name: copy.name, command: process.execPath, args, env, log: copy.log },
      stopWithin: drainMs,
    });
    copy.child = child;
    copy.endIsExpected = false;
    child.exited.then((how) => (copy.endIsExpected ? undefined : carryOn(copy, how)));
    // Wait until it runs, not until it is ready: its services may be away, and it must wait for them itself.
    await child.until(() => answersOk(`http://${loopback}:${copy.port}/healthz`));
  }

  /** Starts it again as a supervisor would; an end by itself still counts as a fault. */
  async function carryOn(copy: Copy, how: string): Promise<void> {
    surprises.push(`${copy.name} ended by itself (${how})`);
    copy.endIsExpected = true;
    await pause(restartAfterMs);
    if (!stopped) await startCopy(copy).catch((error: Error) => surprises.push(error.message));
  }

  const start = async () => {
    stopped = false;
    await Promise.all(fleet.map(startCopy));
  };
  const stop = async () => {
    stopped = true;
    await Promise.all(
      fleet.map(async ({ name, child }, index) => {
        const copy = fleet[index];
        if (!child || !copy || copy.endIsExpected) return;
        copy.endIsExpected = true;
        await child.stop();
        const how = await child.exited;
        if (how !== 'exit code 0') surprises.push(`${name} was asked to stop and ended with ${how}`);
      }),
    );
  };
  await start().catch(async (error) => {
    await stop();
    throw error;
  });

  return {
    urls,
    kills,
    running: () => fleet.flatMap(({ name, child }) => (child ? [{ name, pid: child.pid }] : [])),
    surprises,
    async kill(name) {
      const candidates = fleet.filter((copy) => copy.name === name);
      const copy = candidates[Math.floor(Math.random() * candidates.length)];
      if (!copy) return;
      copy.endIsExpected = true;
      const kill: Kill = { name, at: Date.now() };
      kills.push(kill);
      await copy.child?.kill();
      await pause(restartAfterMs);
      await startCopy(copy);
      kill.until = Date.now();
    },
    stop,
    start,
  };
}

function answersOk(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
