// Decides which email uses a relay's connection next: transactional before bulk, with some connections always free of bulk.
import type { Lane } from '../../lib/store/emails/email.ts';

export interface Slots {
  /** Resolves when it is this email's turn, with the function that ends the turn; with undefined once the slots are closed. */
  take(lane: Lane): Promise<(() => void) | undefined>;
  /** Emails that wait, or come later, get undefined; those whose turn it is go on. */
  close(): void;
}

/** Share of the connections that bulk emails never hold, so that a transactional email seldom has to wait. */
const reserved = 0.2;

/** Most connections that bulk emails may hold. */
export function bulkLimit(connections: number): number {
  return connections === 1 ? 1 : connections - Math.max(1, Math.floor(connections * reserved));
}

export function createSlots(connections: number): Slots {
  const limits: Record<Lane, number> = { transactional: connections, bulk: bulkLimit(connections) };
  const taken: Record<Lane, number> = { transactional: 0, bulk: 0 };
  const waiting: Record<Lane, ((isTurn: boolean) => void)[]> = { transactional: [], bulk: [] };

  let closed = false;

  function isFree(lane: Lane): boolean {
    return taken.transactional + taken.bulk < connections && taken[lane] < limits[lane];
  }

  function serve(): void {
    for (const lane of ['transactional', 'bulk'] as const) {
      while (waiting[lane].length > 0 && isFree(lane)) {
        taken[lane] += 1;
        waiting[lane].shift()?.(true);
      }
    }
  }

  return {
    async take(lane) {
      const isTurn = await new Promise<boolean>((resolve) => {
        if (closed) return resolve(false);
        waiting[lane].push(resolve);
        serve();
      });
      if (!isTurn) return undefined;
      let released = false;
      return () => {
        if (released) return;
        released = true;
        taken[lane] -= 1;
        serve();
      };
    },
    close() {
      closed = true;
      for (const lane of ['transactional', 'bulk'] as const)
        for (const sendAway of waiting[lane].splice(0)) sendAway(false);
    },
  };
}
