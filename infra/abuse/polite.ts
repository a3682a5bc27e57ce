// The polite client: one small request every 20 ms (where each waits for a delivery, every 250 ms), whatever became of those before, each measured.
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { client } from '../faults/services.ts';

export interface Measured {
  p50: number;
  p99: number;
  asked: number;
  /** Answers other than the right one. */
  failed: number;
}

const usualEveryMs = 20;
/** What has no answer by then has failed. */
const answerWithinMs = 60_000;

export interface Polite {
  body: object;
  headers: Record<string, string>;
  /** The status of the right answer. */
  right: number;
  /** Between two requests. */
  everyMs?: number;
}

/** Until `ms` have passed, or `end` is fulfilled. */
export async function beFor(
  ms: number,
  url: string,
  { body, headers, right, everyMs = usualEveryMs }: Polite,
  end: Promise<unknown> = new Promise(() => {}),
): Promise<Measured> {
  let hasEnded = false;
  end.then(
    () => {
      hasEnded = true;
    },
    () => {},
  );
  const agent = new Agent({ keepAlive: true });
  const took: number[] = [];
  let failed = 0;
  const text = JSON.stringify(body);
  const one = () =>
    new Promise<void>((resolve) => {
      const startedAt = performance.now();
      const end = (isRight: boolean) => {
        took.push(performance.now() - startedAt);
        if (!isRight) failed += 1;
        resolve();
      };
      const signal = AbortSignal.timeout(answerWithinMs);
      const sent = request(url, { method: 'POST', agent, headers, signal }, (response) => {
        response.resume();
        response.on('error', () => {});
        response.on('end', () => end(response.statusCode === right));
      });
      sent.on('error', () => end(false));
      sent.end(text);
    });
  const all: Promise<void>[] = [];
  const startedAt = performance.now();
  while (performance.now() - startedAt < ms && !hasEnded) {
    all.push(one());
    await pause(Math.max(0, startedAt + all.length * everyMs - performance.now()));
  }
  await Promise.all(all);
  agent.destroy();
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), asked: took.length, failed };
}

export const politeEmail = { from: 'Polite <p@example.com>', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
export const politeGrant = { grant_type: 'client_credentials', ...client };
