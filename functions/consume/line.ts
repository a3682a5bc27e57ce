// Who waits for a connection: clients in turn, what one of them has in the order in which it came.
import type { Load } from './load.ts';

export interface Waiting {
  client: string;
  load: Load;
  /** When it came, as a number that grows. */
  order: number;
  resolve: (isTurn: boolean) => void;
}

export function createLine() {
  const clients = new Map<string, Waiting[]>();
  return {
    first(): Waiting | undefined {
      const [own] = clients.values();
      return own?.[0];
    },
    shift(): Waiting | undefined {
      const [next] = clients;
      if (next === undefined) return undefined;
      const [client, own] = next;
      const first = own.shift();
      // To the end of the line, where it has more.
      clients.delete(client);
      if (own.length > 0) clients.set(client, own);
      return first;
    },
    push(client: string, one: Waiting): void {
      const own = clients.get(client);
      if (own) own.push(one);
      else clients.set(client, [one]);
    },
    clear(): Waiting[] {
      const all = [...clients.values()].flat();
      clients.clear();
      return all;
    },
  };
}
