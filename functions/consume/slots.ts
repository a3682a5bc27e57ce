// Who may use one of a relay's connections next: transactional emails before bulk ones, and neither bulk nor long ones have them all; clients in turn.
import type { Lane } from '../../lib/store/emails/email.ts';
import { createLine, type Waiting } from './line.ts';
import { type Load, noLoad } from './load.ts';
import { createMemory } from './memory.ts';

export interface Slots {
  /** Resolves when it is this email's turn, with the function that ends it; undefined once nobody's turn comes any more. */
  take(lane: Lane, load?: Load, client?: string): Promise<(() => void) | undefined>;
  /** Sends away who waits and who comes; those whose turn it is go on. */
  close(): void;
}

/** Share of the connections that bulk emails never hold, so that a transactional email seldom has to wait. */
const reserved = 0.2;

/** Most connections that bulk emails may hold. */
export function bulkLimit(connections: number): number {
  return connections === 1 ? 1 : connections - Math.max(1, Math.floor(connections * reserved));
}

/** Most connections that long conversations may hold: a short email finds another, however many long ones wait. */
export function longLimit(connections: number): number {
  return Math.max(1, Math.floor(connections / 2));
}

/**
 * The same while short emails are delivered, too: what long ones take of this machine, and of the relay's, they take from each step of a
 * short conversation. Long ones go on all the same.
 */
export function longLimitBeside(connections: number): number {
  return Math.max(1, Math.floor(connections / 5));
}

/** After so long without a short email there are none. */
const calmMs = 1_000;

/** `memory` is that of all relays together. */
export function createSlots(connections: number, memory = createMemory(Number.POSITIVE_INFINITY)): Slots {
  const limits: Record<Lane, number> = { transactional: connections, bulk: bulkLimit(connections) };
  const taken: Record<Lane, number> = { transactional: 0, bulk: 0 };
  let takenByLong = 0;
  /** What waits for memory or for one of the few connections of long ones holds up its like alone. */
  const queue = () => ({ light: createLine(), heavy: createLine(), lastHeavy: false });
  const waiting: Record<Lane, ReturnType<typeof queue>> = { transactional: queue(), bulk: queue() };
  let arrivals = 0;
  let closed = false;
  let shorts = 0;
  let isBesideShort = false;
  const calm = setTimeout(() => {
    isBesideShort = shorts > 0;
    serve();
  }, calmMs);
  calm.unref();

  function next(lane: Lane): Waiting | undefined {
    if (taken.transactional + taken.bulk >= connections || taken[lane] >= limits[lane]) return undefined;
    const line = waiting[lane];
    const [heavy, light] = [line.heavy.first(), line.light.first()];
    const isHeavy = heavy !== undefined && canBegin(heavy) && isBefore(heavy, light, line.lastHeavy);
    if (isHeavy || light !== undefined) line.lastHeavy = isHeavy;
    return isHeavy ? line.heavy.shift() : line.light.shift();
  }

  function canBegin({ load }: Waiting): boolean {
    const most = isBesideShort ? longLimitBeside(connections) : longLimit(connections);
    return memory.hasRoom(load.bytes) && (!load.isLong || takenByLong < most);
  }

  /** A client's own go in the order in which they came; those of two take turns, however many of the first came before. */
  function isBefore(heavy: Waiting, light: Waiting | undefined, lastHeavy: boolean): boolean {
    if (light === undefined) return true;
    return light.client === heavy.client ? heavy.order < light.order : !lastHeavy;
  }

  function serve(): void {
    for (const lane of ['transactional', 'bulk'] as const) {
      for (let turn = next(lane); turn !== undefined; turn = next(lane)) {
        taken[lane] += 1;
        if (turn.load.isLong) takenByLong += 1;
        turn.resolve(true);
      }
    }
  }
  memory.onRoom(serve);

  function noteShort(more: 1 | -1): void {
    shorts += more;
    isBesideShort = true;
    if (shorts === 0) calm.refresh();
  }

  return {
    async take(lane, load = noLoad, client = '') {
      const isHeavy = load.isLong || load.bytes > 0;
      let giveBack = () => {};
      const isTurn = await new Promise<boolean>((resolve) => {
        if (closed) return resolve(false);
        arrivals += 1;
        const begin = (isTurn: boolean) => {
          if (isTurn) giveBack = memory.take(load.bytes);
          resolve(isTurn);
        };
        if (!isHeavy) noteShort(1);
        waiting[lane][isHeavy ? 'heavy' : 'light'].push(client, { client, load, order: arrivals, resolve: begin });
        serve();
      });
      if (!isTurn) return undefined;
      let released = false;
      return () => {
        if (released) return;
        released = true;
        taken[lane] -= 1;
        if (load.isLong) takenByLong -= 1;
        if (!isHeavy) noteShort(-1);
        giveBack();
        serve();
      };
    },
    close() {
      closed = true;
      for (const { light, heavy } of Object.values(waiting))
        for (const { resolve } of [...light.clear(), ...heavy.clear()]) resolve(false);
    },
  };
}
