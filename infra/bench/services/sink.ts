// The SMTP sink that every sender of a measure delivers to: Debian's `smtp-sink` where present, else our own; always another process.
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startChild } from '../../local/child.ts';
import { answers, freePort, loopback } from '../../local/ports.ts';

export interface Sink {
  url: string;
  port: number;
  pid: number;
  /** Emails taken so far. */
  taken(): number;
  /** Waits until `count` emails have been taken since `from`; throws when it takes longer than `withinMs`. */
  untilTaken(count: number, from: number, withinMs: number): Promise<void>;
  /** When the final dot of a message came, in ms since 1970, by Message-ID; our own sink alone knows. */
  dots: Map<string, number>;
  stop(): Promise<void>;
}

const smtpSink = '/usr/sbin/smtp-sink';
/** Between two looks at the count, in ms. */
const tick = 2;

/** Costs almost nothing, and cannot tell when a message came: `startTimingSink` can. */
export async function startSink(bundles: string, log: (line: string) => void): Promise<Sink> {
  if (!existsSync(smtpSink)) return startTimingSink(bundles, log);
  const port = await freePort();
  // -c writes running counts; the last argument is the backlog of connections.
  return follow(port, log, smtpSink, ['-c', ...runAsNobody(), `${loopback}:${port}`, '1024']);
}

export async function startTimingSink(bundles: string, log: (line: string) => void): Promise<Sink> {
  const port = await freePort();
  return follow(port, log, process.execPath, [`${bundles}/timing-sink.mjs`, String(port)]);
}

function runAsNobody(): string[] {
  return process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
}

async function follow(port: number, log: (line: string) => void, command: string, args: string[]): Promise<Sink> {
  let taken = 0;
  const dots = new Map<string, number>();
  const child = startChild({
    name: 'the SMTP sink',
    command,
    args,
    log: (line) => {
      const [, dotted, at, counted] = /^dot (\S+) (\S+)$|mesg=(\d+)/.exec(line) ?? [];
      if (dotted !== undefined) dots.set(dotted, Number(at));
      else if (counted !== undefined) taken = Number(counted);
      else log(line);
    },
  });
  await child.until(() => answers(port, '220'));
  return {
    url: `smtp://${loopback}:${port}`,
    port,
    pid: child.pid,
    taken: () => taken,
    async untilTaken(count, from, withinMs) {
      const deadline = performance.now() + withinMs;
      while (taken - from < count) {
        if (performance.now() > deadline) throw new Error(`${taken - from} of ${count} emails after ${withinMs} ms`);
        await pause(tick);
      }
    },
    dots,
    stop: child.stop,
  };
}
