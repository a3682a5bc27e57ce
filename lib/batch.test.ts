import { describe, expect, it } from 'vitest';
import { createBatcher } from './batch.ts';

/** A write that ends when told to. */
function controlledWrite() {
  const groups: number[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const write = (items: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      groups.push(items);
      ends.push((error) => (error ? reject(error) : resolve(items.map((item) => item * 10))));
    });
  return { groups, ends, write };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('createBatcher', () => {
  it('groups what comes in one turn, and what arrives while a write is under way', async () => {
    const { groups, ends, write } = controlledWrite();
    const add = createBatcher(write, { maxItems: 10, failsAll: () => false });
    const first = add(1);
    await tick();
    expect(groups).toEqual([[1]]);
    const others = [add(2), add(3)];
    await tick();
    expect(groups).toEqual([[1]]);
    ends[0]?.();
    await tick();
    await tick();
    expect(groups).toEqual([[1], [2, 3]]);
    ends[1]?.();
    expect(await Promise.all([first, ...others])).toEqual([10, 20, 30]);
  });

  it('begins a second write while the first is under way, and no third, where two may be', async () => {
    const { groups, ends, write } = controlledWrite();
    const add = createBatcher(write, { maxItems: 10, writesAtOnce: 2, failsAll: () => false });
    const together = [add(1), add(2)];
    await tick();
    // What comes in one turn is one group all the same.
    expect(groups).toEqual([[1, 2]]);
    const second = add(3);
    await tick();
    const others = [add(4), add(5)];
    await tick();
    expect(groups).toEqual([[1, 2], [3]]);
    ends[1]?.();
    await tick();
    await tick();
    expect(groups).toEqual([[1, 2], [3], [4, 5]]);
    ends[0]?.();
    ends[2]?.();
    expect(await Promise.all([...together, second, ...others])).toEqual([10, 20, 30, 40, 50]);
  });

  it('takes no more than maxItems at once', async () => {
    const groups: number[][] = [];
    const add = createBatcher(
      async (items: number[]) => {
        groups.push(items);
        return items;
      },
      { maxItems: 2, failsAll: () => false },
    );
    await Promise.all([1, 2, 3, 4, 5].map(add));
    expect(groups.map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  it('takes no more than the weight at once; a heavier one goes alone', async () => {
    const groups: number[][] = [];
    const write = async (items: number[]) => {
      groups.push(items);
      return items;
    };
    const add = createBatcher(write, { maxItems: 3, weight: { of: (item) => item, max: 10 }, failsAll: () => false });
    await Promise.all([1, 4, 6, 1, 20, 9, 1, 0, 0].map(add));
    expect(groups).toEqual([[1, 4], [6, 1], [20], [9, 1, 0], [0]]);
  });

  it('lets a faulty item fail alone', async () => {
    const write = async (items: number[]) => {
      if (items.includes(3)) throw new Error('faulty');
      return items;
    };
    const add = createBatcher(write, { maxItems: 10, failsAll: () => false });
    const results = await Promise.allSettled([1, 2, 3, 4].map(add));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails a whole group at once when the error concerns all', async () => {
    let writes = 0;
    const write = async () => {
      writes += 1;
      throw new Error('database away');
    };
    const add = createBatcher<number, number>(write, { maxItems: 10, failsAll: () => true });
    const results = await Promise.allSettled([1, 2, 3, 4].map(add));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(writes).toBe(1);
  });
});
