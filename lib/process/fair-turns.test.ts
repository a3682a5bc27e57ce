import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFairTurns, type FairTurnsOptions } from './fair-turns.ts';

function turns(options: FairTurnsOptions) {
  const { run } = createFairTurns(options);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    come(key: string, ...names: string[]) {
      for (const name of names) {
        void run(key, () => {
          begun.push(name);
          return new Promise<void>((end) => ends.set(name, end));
        });
      }
      return setImmediate();
    },
    end(name: string) {
      ends.get(name)?.();
      return setImmediate();
    },
  };
}

describe('turns', () => {
  it('go round by key, however many one of them has waiting', async () => {
    const { begun, come, end } = turns({ atOnce: 1 });
    await come('a', 'a1', 'a2', 'a3', 'a4');
    await come('b', 'b1');
    await come('c', 'c1', 'c2');
    for (const name of ['a1', 'a2', 'b1', 'c1', 'a3', 'c2']) await end(name);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'c2', 'a4']);
  });

  it('are all for one where nobody else waits', async () => {
    const { begun, come } = turns({ atOnce: 3 });
    await come('a', 'a1', 'a2', 'a3', 'a4');
    expect(begun).toEqual(['a1', 'a2', 'a3']);
  });

  it('leave room for who comes later, where they take long', async () => {
    const { begun, come, end } = turns({ atOnce: 4, leavesRoom: true });
    await come('a', 'a1', 'a2', 'a3', 'a4');
    expect(begun).toEqual(['a1', 'a2']);
    await come('b', 'b1', 'b2');
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    await come('c', 'c1');
    expect(begun.at(-1)).toBe('c1');
    await end('c1');
    expect(begun).toHaveLength(4);
    for (const name of ['a1', 'a2', 'b1']) await end(name);
    expect(begun.slice(4).sort()).toEqual(['a3', 'a4', 'b2']);
  });

  it('go on after work that fails', async () => {
    const { run } = createFairTurns({ atOnce: 1 });
    await expect(run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await run('a', async () => 7)).toBe(7);
  });
});
