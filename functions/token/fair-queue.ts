// Work that costs much CPU, a few pieces at a time: lanes take turns, and none of them has more than one piece under way.

export interface FairQueueOptions {
  /** Pieces of work under way at most. */
  atOnce: number;
  /** Pieces that wait in one lane, and in all lanes together, at most. */
  mostOfLane: number;
  mostInAll: number;
}

/** Where there is no room: the lane has enough that waits, or all lanes together. */
export type Full = 'lane full' | 'all full';

interface Waiting {
  begin: () => void;
  refuse: (full: Full) => void;
}

interface Lane {
  isBusy: boolean;
  waiting: Waiting[];
}

export function createFairQueue({ atOnce, mostOfLane, mostInAll }: FairQueueOptions) {
  /** In the order of their turns. */
  const lanes = new Map<string, Lane>();
  let underWay = 0;
  let waits = 0;

  function beginNext(): void {
    for (const lane of lanes.values()) {
      if (underWay >= atOnce) return;
      const next = lane.isBusy ? undefined : lane.waiting.shift();
      if (next === undefined) continue;
      lane.isBusy = true;
      underWay += 1;
      waits -= 1;
      next.begin();
    }
  }

  function end(name: string, lane: Lane): void {
    lane.isBusy = false;
    underWay -= 1;
    // Its next turn comes after everybody's.
    lanes.delete(name);
    if (lane.waiting.length > 0) lanes.set(name, lane);
    beginNext();
  }

  /** Makes room for a lane that has less: the longest one gives up what came to it last. */
  function makeRoom(length: number): boolean {
    const longest = [...lanes.values()].reduce((one, other) =>
      other.waiting.length > one.waiting.length ? other : one,
    );
    if (longest.waiting.length <= length + 1) return false;
    longest.waiting.pop()?.refuse('all full');
    waits -= 1;
    return true;
  }

  /** Fulfilled with what `work` gives, or with why it was not begun. */
  return async <Result>(name: string, work: () => Promise<Result>): Promise<Result | Full> => {
    const lane = lanes.get(name) ?? { isBusy: false, waiting: [] };
    if (lane.waiting.length >= mostOfLane) return 'lane full';
    if (waits >= mostInAll && !makeRoom(lane.waiting.length)) return 'all full';
    lanes.set(name, lane);
    waits += 1;
    const full = await new Promise<Full | undefined>((resolve) => {
      lane.waiting.push({ begin: () => resolve(undefined), refuse: resolve });
      beginNext();
    });
    if (full !== undefined) return full;
    try {
      return await work();
    } finally {
      end(name, lane);
    }
  };
}
