// Turns shared out by key: so many pieces of work at once, those that wait taken round-robin by whom they are for.

export interface FairTurns {
  /** Runs `work` when it is its turn; resolves and rejects as it does. */
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result>;
}

export interface FairTurnsOptions {
  atOnce: number;
  /**
   * True: a key never holds more than it leaves free (half, where it is alone), so that somebody who comes later finds a place at
   * once, however long the work of the others takes. False: all places may go to one key while nobody else waits.
   */
  leavesRoom?: boolean;
}

export function createFairTurns({ atOnce, leavesRoom = false }: FairTurnsOptions): FairTurns {
  /** By key, in the order of their turns. */
  const waiting = new Map<string, (() => void)[]>();
  const held = new Map<string, number>();
  let running = 0;

  function mayBegin(key: string): boolean {
    if (running >= atOnce) return false;
    const own = held.get(key) ?? 0;
    return !leavesRoom || own === 0 || own < atOnce - running;
  }

  function serve(): void {
    for (const [key, begins] of waiting) {
      if (running >= atOnce) return;
      if (!mayBegin(key)) continue;
      const begin = begins.shift();
      // To the end of the line, where it has more. A Map visits what is added while it is walked.
      waiting.delete(key);
      if (begins.length > 0) waiting.set(key, begins);
      running += 1;
      held.set(key, (held.get(key) ?? 0) + 1);
      begin?.();
    }
  }

  function end(key: string): void {
    running -= 1;
    const left = (held.get(key) ?? 1) - 1;
    if (left === 0) held.delete(key);
    else held.set(key, left);
    serve();
  }

  return {
    async run(key, work) {
      await new Promise<void>((begin) => {
        const before = waiting.get(key);
        if (before) before.push(begin);
        else waiting.set(key, [begin]);
        serve();
      });
      try {
        return await work();
      } finally {
        end(key);
      }
    },
  };
}
