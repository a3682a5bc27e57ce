// Group commit: items that arrive in one turn of the event loop, or during a write, share the next write. A single item does not wait.

import { setImmediate as turn } from 'node:timers/promises';

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

export interface BatchOptions<Item> {
  /** Most items that one write takes. */
  maxItems: number;
  /** For items of very different sizes: the total that one write takes; a heavier item is written alone. */
  weight?: { of: (item: Item) => number; max: number };
  /** Writes under way at once, by default 1. Another one begins when a whole group waits: it is prepared during the other write. */
  writesAtOnce?: number;
  /**
   * Under load (when the last group had at least half of `items`), a write waits for `items` items, or until `ms` after the last
   * write, so that more items share the fixed cost of a write.
   */
  gather?: { items: number; ms: number };
  /** True when an error concerns every item alike (the database is away, or refuses for now); otherwise a faulty item fails alone, not its group. */
  failsAll: (error: unknown) => boolean;
  /** Called with the size of each group. */
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
      // Waits for the rest of this turn: otherwise the first of many items would always go alone.
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

  /** How many waiting items the next write takes. */
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
