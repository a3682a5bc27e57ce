// Who may use one of a relay's connections next: transactional emails before bulk ones, of which a part of the connections is always free; within a lane, clients in turn.
import type { Lane } from '../../lib/store/emails/email.ts';

export interface Slots {
  /** Resolves when it is this email's turn, with the function that ends it; undefined once nobody's turn comes any more. */
  take(lane: Lane, client?: string): Promise<(() => void) | undefined>;
  /** Sends away who waits and who comes; those whose turn it is go on. */
  close(): void;
}

/** Share of the connections that bulk emails never hold, so that a transactional one seldom waits even for a conversation under way. */
const reserved = 0.2;

/** Most connections that bulk emails may hold. */
export function bulkLimit(connections: number): number {
  return connections === 1 ? 1 : connections - Math.max(1, Math.floor(connections * reserved));
}

export function createSlots(connections: number): Slots {
  const limits: Record<Lane, number> = { transactional: connections, bulk: bulkLimit(connections) };
  const taken: Record<Lane, number> = { transactional: 0, bulk: 0 };
  /** By client, in the order of their turns. */
  const waiting: Record<Lane, Map<string, ((isTurn: boolean) => void)[]>> = {
    transactional: new Map(),
    bulk: new Map(),
  };

  let closed = false;

  function isFree(lane: Lane): boolean {
    return taken.transactional + taken.bulk < connections && taken[lane] < limits[lane];
  }

  function serve(): void {
    for (const lane of ['transactional', 'bulk'] as const) {
      // A Map visits what is added while it is walked: a client that has more comes again at the end of the line.
      for (const [client, turns] of waiting[lane]) {
        if (!isFree(lane)) break;
        const begin = turns.shift();
        waiting[lane].delete(client);
        if (turns.length > 0) waiting[lane].set(client, turns);
        taken[lane] += 1;
        begin?.(true);
      }
    }
  }

  return {
    async take(lane, client = '') {
      const isTurn = await new Promise<boolean>((resolve) => {
        if (closed) return resolve(false);
        const before = waiting[lane].get(client);
        if (before) before.push(resolve);
        else waiting[lane].set(client, [resolve]);
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
      for (const lane of ['transactional', 'bulk'] as const) {
        const sentAway = [...waiting[lane].values()].flat();
        waiting[lane].clear();
        for (const sendAway of sentAway) sendAway(false);
      }
    },
  };
}
