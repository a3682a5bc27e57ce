import { describe, expect, it } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose work ends when the test says so, and the names of what began, in order. */
function queueOf({ atOnce = 1, mostOfLane = 100, mostInAll = 100 } = {}) {
  const run = createFairQueue({ atOnce, mostOfLane, mostInAll });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const add = (lane: string, name = lane) =>
    run(lane, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      return name;
    });
  const endAll = async () => {
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
      end();
      await turn();
    }
  };
  return { add, begun, endAll };
}

describe('lanes', () => {
  it('take turns, however long one of them is', async () => {
    const { add, begun, endAll } = queueOf();
    const results = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => add(name.charAt(0), name));
    await turn();
    await endAll();
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(await Promise.all(results)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1']);
  });

  it('have one piece under way, and all together no more than is allowed', async () => {
    const { add, begun, endAll } = queueOf({ atOnce: 2 });
    const results = ['a1', 'a2', 'b1', 'c1'].map((name) => add(name.charAt(0), name));
    await turn();
    expect(begun).toEqual(['a1', 'b1']);
    await endAll();
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2']);
    await Promise.all(results);
  });

  it('go on after work that failed', async () => {
    const run = createFairQueue({ atOnce: 1, mostOfLane: 10, mostInAll: 10 });
    const failing = run('a', () => Promise.reject(new Error('no')));
    const next = run('a', async () => 'done');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('done');
  });
});

describe('a full queue', () => {
  it('takes no more of a lane that has enough waiting', async () => {
    const { add, endAll } = queueOf({ mostOfLane: 2 });
    const taken = ['a', 'a', 'a'].map((lane) => add(lane));
    expect(await add('a')).toBe('lane full');
    const other = add('b');
    await turn();
    await endAll();
    expect(await Promise.all([...taken, other])).toEqual(['a', 'a', 'a', 'b']);
  });

  it('refuses the last of the longest lane for one that has less, and nobody for one that has as much', async () => {
    const { add, endAll } = queueOf({ mostInAll: 3 });
    const [first, second, third, last] = ['a1', 'a2', 'a3', 'a4'].map((name) => add('a', name));
    const b1 = add('b', 'b1');
    expect(await last).toBe('all full');
    expect(await add('b', 'b2')).toBe('all full');
    await turn();
    await endAll();
    expect(await Promise.all([first, second, third, b1])).toEqual(['a1', 'a2', 'a3', 'b1']);
  });
});
