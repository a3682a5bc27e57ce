import { describe, expect, it } from 'vitest';
import { createBatcher, foundFor } from './batch.ts';

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

  it('begins a second write when a whole group waits, and no third, where two may be', async () => {
    const { groups, ends, write } = controlledWrite();
    const add = createBatcher(write, { maxItems: 2, writesAtOnce: 2, failsAll: () => false });
    const first = add(1);
    await tick();
    const second = add(2);
    await tick();
    expect(groups).toEqual([[1]]);
    const third = add(3);
    await tick();
    expect(groups).toEqual([[1], [2, 3]]);
    const others = [add(4), add(5), add(6)];
    await tick();
    expect(groups).toEqual([[1], [2, 3]]);
    ends[1]?.();
    await tick();
    await tick();
    expect(groups).toEqual([[1], [2, 3], [4, 5]]);
    ends[0]?.();
    await tick();
    await tick();
    // Less than a group waits, and a write is under way.
    expect(groups).toHaveLength(3);
    ends[2]?.();
    await tick();
    await tick();
    ends[3]?.();
    expect(await Promise.all([first, second, third, ...others])).toEqual([10, 20, 30, 40, 50, 60]);
  });

  describe('under load, where it is to gather', () => {
    const soon = { items: 4, ms: 20 };
    const late = { items: 4, ms: 60_000 };

    it('waits for nobody after small groups', async () => {
      const { groups, ends, write } = controlledWrite();
      const add = createBatcher(write, { maxItems: 10, gather: late, failsAll: () => false });
      for (const item of [1, 2, 3]) {
        const added = add(item);
        await tick();
        await tick();
        ends[item - 1]?.();
        await added;
      }
      expect(groups).toEqual([[1], [2], [3]]);
    });

    it('waits after a larger one until there are enough', async () => {
      const { groups, ends, write } = controlledWrite();
      const add = createBatcher(write, { maxItems: 10, gather: late, failsAll: () => false });
      const first = Promise.all([add(1), add(2)]);
      await tick();
      ends[0]?.();
      await first;
      const others = [add(3), add(4), add(5)];
      await tick();
      await tick();
      expect(groups).toEqual([[1, 2]]);
      const enough = add(6);
      await tick();
      await tick();
      expect(groups).toEqual([
        [1, 2],
        [3, 4, 5, 6],
      ]);
      ends[1]?.();
      expect(await Promise.all([...others, enough])).toEqual([30, 40, 50, 60]);
    });

    it('or until its time has passed', async () => {
      const add = createBatcher(async (items: number[]) => items.map((item) => item * 10), {
        maxItems: 10,
        gather: soon,
        failsAll: () => false,
      });
      await Promise.all([add(1), add(2)]);
      const from = performance.now();
      expect(await add(3)).toBe(30);
      expect(performance.now() - from).toBeGreaterThan(soon.ms / 4);
    });
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

it('an id that stands twice in a group gets what was found once', () => {
  const rows = [{ id: 'b' }, { id: 'a' }];
  expect(foundFor(['a', 'b', 'a', 'c'], rows)).toEqual([{ id: 'a' }, { id: 'b' }, undefined, undefined]);
});
