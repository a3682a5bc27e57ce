// Group commit: items that come in one turn of the event loop, or while writes are under way, go together in the next one. Alone, an item waits for nobody.

import { setImmediate as turn } from 'node:timers/promises';

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

export interface BatchOptions<Item> {
  /** Most items that one write takes. */
  maxItems: number;
  /** Where items differ much in size: the most that one write takes of them together; a heavier one goes alone. */
  weight?: { of: (item: Item) => number; max: number };
  /** Writes under way at once, 1 unless said. A further one begins when a whole group waits for it: it is made ready while the other is written. */
  writesAtOnce?: number;
  /**
   * Under load (when the last group had half of them), a write waits for so many items, or until so many milliseconds after the last
   * one: what a write costs whatever its size is shared by more of them.
   */
  gather?: { items: number; ms: number };
  /** True when an error concerns every item alike (the database is away, or refuses for now); otherwise a faulty item fails alone, not its group. */
  failsAll: (error: unknown) => boolean;
  /** Told the size of each group. */
  onGroup?: (items: number) => void;
}

/**
 * `write` takes a group of items and returns their results in the same order. The returned function hands in one item and
 * resolves with its result.
 */
export function createBatcher<Item, Result>(
  write: (items: Item[]) => Promise<Result[]>,
  { maxItems, weight, writesAtOnce = 1, gather, failsAll, onGroup }: BatchOptions<Item>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let writing = 0;
  const last = { size: 0, endedAt: 0 };
  /** Set while a write waits for more items. */
  let onItem: (() => void) | undefined;

  async function writeAll(): Promise<void> {
    writing += 1;
    while (waiting.length > 0 && (writing === 1 || isGroupFull())) {
      // What else this turn brings goes with it: else the first of many always goes alone.
      await turn();
      if (gather) await gathered(gather);
      if (waiting.length === 0) break;
      const size = groupSize();
      const group = waiting.slice(0, size);
      waiting = waiting.slice(size);
      onGroup?.(group.length);
      await writeGroup(group);
      last.size = group.length;
      last.endedAt = performance.now();
    }
    writing -= 1;
  }

  async function gathered({ items, ms }: { items: number; ms: number }): Promise<void> {
    const left = last.endedAt + ms - performance.now();
    if (last.size < Math.max(items / 2, 2) || waiting.length >= items || left <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      onItem = () => {
        if (waiting.length < items) return;
        clearTimeout(timer);
        resolve();
      };
    });
    onItem = undefined;
  }

  function isGroupFull(): boolean {
    return waiting.length >= maxItems || groupSize() < waiting.length;
  }

  /** How many of those who wait go together. */
  function groupSize(): number {
    const most = Math.min(waiting.length, maxItems);
    if (weight === undefined) return most;
    let total = 0;
    const tooMuch = waiting.slice(0, most).findIndex(({ item }) => {
      total += weight.of(item);
      return total > weight.max;
    });
    return tooMuch < 0 ? most : Math.max(tooMuch, 1);
  }

  async function writeGroup(group: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await write(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
    } catch (error) {
      const [only, ...others] = group;
      if (only === undefined) return;
      if (others.length === 0) only.reject(error);
      else if (failsAll(error)) for (const { reject } of group) reject(error);
      else for (const one of group) await writeGroup([one]);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      onItem?.();
      if (writing === 0 || (writing < writesAtOnce && isGroupFull())) void writeAll();
    });
}

/** What was found for each of the ids of a group, in their order. An id that stands there twice gets it once: the first has it. */
export function foundFor<Row extends { id: string }>(ids: string[], rows: Row[]): (Row | undefined)[] {
  const left = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = left.get(id);
    left.delete(id);
    return row;
  });
}
