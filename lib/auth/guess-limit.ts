// How many API keys that are not known yet may be looked up for one network: a stranger who makes them up costs little.
import { LRUCache } from 'lru-cache';

/** Many programs may begin with a key each behind one address, at once. */
const atOnce = 100;
const perSecond = 10;
/** Networks that are remembered; some 100 bytes each. */
const mostNetworks = 10_000;

export interface GuessLimit {
  /** Takes one look-up. False: the network has none left for now. */
  take(network: string): boolean;
  /** Gives it back: the key was good. */
  giveBack(network: string): void;
}

export function createGuessLimit(now: () => number = () => performance.now()): GuessLimit {
  const networks = new LRUCache<string, { left: number; at: number }>({ max: mostNetworks });

  function leftOf(network: string): number {
    const known = networks.get(network);
    return known ? Math.min(atOnce, known.left + ((now() - known.at) / 1000) * perSecond) : atOnce;
  }

  return {
    take(network) {
      const left = leftOf(network);
      if (left < 1) return false;
      networks.set(network, { left: left - 1, at: now() });
      return true;
    },
    giveBack(network) {
      networks.set(network, { left: Math.min(atOnce, leftOf(network) + 1), at: now() });
    },
  };
}
