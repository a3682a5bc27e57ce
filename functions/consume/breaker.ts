// A relay's circuit breaker: after several troubles in a row the relay is left alone for a while, then probed by one email at a time. Pure.

export interface BreakerPolicy {
  /** Troubles in a row that open it. */
  failures: number;
  /** How long the relay is left alone before the first probe; doubled after each probe that fails. */
  coolDownMs: number;
  maxCoolDownMs: number;
}

export interface Breaker {
  /** `half_open`: a probe is under way. */
  state: 'closed' | 'open' | 'half_open';
  /** Troubles since the last conversation that worked. */
  consecutive_failures: number;
  /** Cool-downs since it was last closed. */
  coolDowns: number;
  /** When the next probe may begin. */
  probeAt: number;
}

export const closed: Breaker = { state: 'closed', consecutive_failures: 0, coolDowns: 0, probeAt: 0 };

/** What the breaker becomes when a conversation begins at `now` (milliseconds); undefined: it must not begin. */
export function begin(breaker: Breaker, now: number): Breaker | undefined {
  switch (breaker.state) {
    case 'closed':
      return breaker;
    case 'open':
      return now >= breaker.probeAt ? { ...breaker, state: 'half_open' } : undefined;
    case 'half_open':
      return undefined;
  }
}

export function afterTrouble(breaker: Breaker, now: number, policy: BreakerPolicy): Breaker {
  const failed = { ...breaker, consecutive_failures: breaker.consecutive_failures + 1 };
  switch (failed.state) {
    case 'closed':
      return failed.consecutive_failures < policy.failures ? failed : open(failed, now, policy);
    case 'half_open':
      return open(failed, now, policy);
    // This conversation began before the breaker opened, so its failure is not news.
    case 'open':
      return failed;
  }
}

function open(breaker: Breaker, now: number, { coolDownMs, maxCoolDownMs }: BreakerPolicy): Breaker {
  const wait = Math.min(coolDownMs * 2 ** breaker.coolDowns, maxCoolDownMs);
  return { ...breaker, state: 'open', coolDowns: breaker.coolDowns + 1, probeAt: now + wait };
}

/** Milliseconds until the relay may be asked again, as far as we know. */
export function untilProbe({ state, probeAt }: Breaker, now: number, { coolDownMs }: BreakerPolicy): number {
  switch (state) {
    case 'closed':
      return 0;
    case 'open':
      return Math.max(probeAt - now, 0);
    // Nobody knows when the probe ends: wait at least this long before asking again.
    case 'half_open':
      return coolDownMs;
  }
}
