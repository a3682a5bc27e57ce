// Group commit: items that arrive while a write is under way go together in the next one. Alone, an item waits for nobody.

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

export interface BatchOptions {
  /** Most items that one write takes. */
  maxItems: number;
  /** True when an error concerns every item alike (the database is away); otherwise a faulty item fails alone, not its group. */
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
  { maxItems, failsAll, onGroup }: BatchOptions,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let writing = false;

  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      onGroup?.(group.length);
      await writeGroup(group);
    }
    writing = false;
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
      if (!writing) void writeAll();
    });
}
