import { describe, expect, it } from 'vitest';
import { afterTrouble, type Breaker, begin, closed, untilProbe } from './breaker.ts';

const policy = { failures: 3, coolDownMs: 1_000, maxCoolDownMs: 5_000 };
const trouble = (breaker: Breaker, now = 0) => afterTrouble(breaker, now, policy);
const opened = trouble(trouble(trouble(closed)));

describe('breaker', () => {
  it('opens after so many troubles in a row, not before', () => {
    expect(trouble(trouble(closed))).toMatchObject({ state: 'closed', consecutive_failures: 2 });
    expect(opened).toMatchObject({ state: 'open', consecutive_failures: 3, probeAt: 1_000 });
    expect(begin(trouble(trouble(closed)), 0)).toBeDefined();
  });

  it('lets one probe through when the cool-down is over', () => {
    expect(begin(opened, 999)).toBeUndefined();
    const probing = begin(opened, 1_000) as Breaker;
    expect(probing.state).toBe('half_open');
    expect(begin(probing, 1_000_000)).toBeUndefined();
  });

  it('cools down for longer after each probe that fails, up to a bound', () => {
    let breaker = opened;
    const waits = [];
    for (let probe = 0; probe < 5; probe += 1) {
      const now = breaker.probeAt;
      breaker = trouble(begin(breaker, now) as Breaker, now);
      waits.push(breaker.probeAt - now);
    }
    expect(waits).toEqual([2_000, 4_000, 5_000, 5_000, 5_000]);
    expect(breaker).toMatchObject({ state: 'open', consecutive_failures: 8 });
  });

  it('is not kept open by conversations that had begun before', () => {
    expect(trouble(opened, 900)).toMatchObject({ state: 'open', consecutive_failures: 4, probeAt: 1_000 });
  });

  it.each<[string, Breaker, number]>([
    ['closed', closed, 0],
    ['open', opened, 600],
    ['overdue', { ...opened, probeAt: 10 }, 0],
    ['probing', { ...opened, state: 'half_open' }, 1_000],
  ])('%s: how long until it may take an email', (_what, breaker, expected) => {
    expect(untilProbe(breaker, 400, policy)).toBe(expected);
  });
});
