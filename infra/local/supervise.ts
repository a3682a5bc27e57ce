// Keeps a part of local mode running: when it ends by itself, reports it on the terminal and starts it again.
import { setTimeout as pause } from 'node:timers/promises';

export interface Part {
  /** Fulfilled, with how it ended, once it is gone. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

/** Waits before a restart, in ms: doubled while it keeps ending, short again after it ran for a while. */
const firstWait = 500;
const longestWait = 15_000;
const heldOut = 30_000;

/** Throws if the first start fails; later starts are repeated until one succeeds. */
export async function supervise<P extends Part>(
  name: string,
  start: () => Promise<P>,
  say: (line: string) => void,
): Promise<{ first: P; stop(): Promise<void> }> {
  const stopping = new AbortController();
  const first = await start();
  let current: P | undefined = first;

  const watch = async () => {
    let wait = firstWait;
    let startedAt = Date.now();
    while (!stopping.signal.aborted) {
      const how = await current?.exited;
      if (stopping.signal.aborted) return;
      if (current) say(`${name} ended (${how}) and is started again`);
      if (Date.now() - startedAt > heldOut) wait = firstWait;
      await pause(wait, undefined, { signal: stopping.signal }).catch(() => {});
      wait = Math.min(wait * 2, longestWait);
      if (stopping.signal.aborted) return;
      startedAt = Date.now();
      current = await start().catch((error: Error) => void say(`${name} cannot start yet: ${error.message}`));
      if (current) say(`${name} runs again`);
    }
  };
  const watching = watch();

  return {
    first,
    async stop() {
      stopping.abort();
      await current?.stop();
      await watching;
      // It may just have been starting again.
      await current?.stop();
    },
  };
}
