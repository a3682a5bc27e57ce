// A Node process under measure: started on a port of its own, waited for, stopped.
import { type Child, startChild } from '../../local/child.ts';
import { freePort, loopback } from '../../local/ports.ts';

export interface NodeProcess {
  port: number;
  url: string;
  pid: number;
  child: Child;
  /** From the start to the first answer, in ms. */
  startedMs: number;
  stop(): Promise<void>;
}

export interface Launch {
  /** The bundle. */
  file: string;
  env: Record<string, string>;
  /** What it answers once it is up; undefined for a process that listens on nothing. */
  probe: string | undefined;
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
  log: (line: string) => void;
}

/** Between two attempts to reach it, in ms. */
const tick = 2;
/** How long it may take to be up, and to end, in ms. */
const patience = 30_000;

export async function startNode({ file, env, probe, nodeFlags = [], log }: Launch): Promise<NodeProcess> {
  const port = await freePort();
  const url = `http://${loopback}:${port}`;
  const startedAt = performance.now();
  const child = startChild({
    name: file,
    command: process.execPath,
    args: [...nodeFlags, file],
    env: { NODE_ENV: 'production', HOST: loopback, ...env, PORT: String(port) },
    stopWithin: patience,
    log,
  });
  if (probe !== undefined) await untilAnswers(url + probe, child);
  return { port, url, pid: child.pid, child, startedMs: performance.now() - startedAt, stop: child.stop };
}

async function untilAnswers(url: string, child: Child): Promise<void> {
  let ended: string | undefined;
  child.exited.then((how) => {
    ended = how;
  });
  for (const giveUp = performance.now() + patience; ; ) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    // An error of our baselines' routers is an answer; a database that is not there yet is not.
    if (answer !== undefined && answer.status < 500) return;
    if (ended !== undefined || performance.now() > giveUp) {
      await child.kill();
      throw new Error(`${url} did not answer (${ended ?? `within ${patience} ms`})`);
    }
    await new Promise((resolve) => setTimeout(resolve, tick));
  }
}
