import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createQueueShare, leastShort, mostShort, share } from './queue-share.ts';

const idsPerMessage = 20;

/** A queue of which each look tells `depth`, and a clock. */
function ground() {
  const broker = { depth: 0, isAway: false };
  let at = 10_000;
  let again: () => void = () => {};
  const places = createQueueShare({
    depth: async () => {
      if (broker.isAway) throw new Error('away');
      return broker.depth;
    },
    idsPerMessage,
    now: () => at,
    later(run) {
      again = run;
    },
  });
  const { take, settle } = places;
  /** How many of so many ids get a place. */
  const takesOnly = (count: number, client: string) =>
    Array.from({ length: count }, () => take('bulk', client)).filter(Boolean).length;
  return {
    broker,
    takesOnly,
    /** The same, and their ids are on the queue at once. */
    takes(count: number, client: string) {
      const taken = takesOnly(count, client);
      for (let one = 0; one < taken; one += 1) settle('bulk');
      return taken;
    },
    take,
    settle,
    /** Nobody hands anything in meanwhile. */
    async pass(ms: number) {
      await setImmediate();
      at += ms;
      again();
      await setImmediate();
    },
  };
}

describe('a place on the queue', () => {
  it('is for everybody while the queue is short, which it is for longer as workers turn out to be quick', async () => {
    const { takes, pass } = ground();
    expect(takes(1_000, 'a')).toBe(leastShort);
    await pass(1_100);
    await pass(1_100);
    for (let count = leastShort / 2; count < mostShort; count *= 2) {
      expect(takes(count, 'a')).toBe(count);
      await pass(150);
    }
    // And no longer than that.
    for (let turn = 0; turn < 5; turn += 1) {
      expect(takes(mostShort, 'a')).toBe(mostShort);
      await pass(150);
    }
    expect(takes(mostShort + 1, 'a')).toBe(mostShort);
  });

  it('is for as many as workers take in half a second where they are slow', async () => {
    const { broker, takes, pass } = ground();
    for (let count = leastShort / 2; count < mostShort; count *= 2) {
      takes(count, 'a');
      await pass(100);
    }
    // 500 a second are taken, and as many come.
    broker.depth = 10;
    for (let turn = 0; turn < 40; turn += 1) {
      expect(takes(50, 'a')).toBe(50);
      await pass(100);
    }
    const free = takes(mostShort, 'b');
    expect(free + broker.depth * idsPerMessage).toBeGreaterThan(200);
    expect(free + broker.depth * idsPerMessage).toBeLessThan(300);
  });

  it('is for as many as there were before, where workers have just begun', async () => {
    const { broker, takes, pass } = ground();
    expect(takes(60, 'a')).toBe(60);
    broker.depth = 3;
    await pass(100);
    expect(takes(1_000, 'b')).toBe(leastShort - 3 * idsPerMessage);
  });

  it('is for no more as long as those before are not on the queue yet: a look that finds it empty says nothing of workers', async () => {
    const { takesOnly, takes, pass, settle } = ground();
    expect(takesOnly(1_000, 'a')).toBe(leastShort);
    for (let turn = 0; turn < 20; turn += 1) {
      await pass(150);
      expect(takes(1_000, `other ${turn}`)).toBeLessThanOrEqual(share);
    }
    for (let one = 0; one < leastShort; one += 1) settle('bulk');
    await pass(150);
    expect(takes(100, 'b')).toBe(100);
  });

  it('is not counted for ever where it was never used, as the request was refused', async () => {
    const { takesOnly, takes, pass, settle } = ground();
    for (let turn = 0; turn < 30; turn += 1) {
      const taken = takesOnly(10, `client ${turn}`);
      expect(taken).toBe(10);
      for (let one = 0; one < taken; one += 1) settle('bulk');
      await pass(turn % 2 ? 150 : 1_100);
    }
    expect(takes(leastShort, 'a')).toBe(leastShort);
  });

  it('is for a share of those who have many once it is long, even before the next look', () => {
    const { takes } = ground();
    expect(takes(10_000, 'a')).toBe(leastShort);
    expect(takes(1, 'b')).toBe(1);
    expect(takes(100, 'b')).toBe(share - 1);
  });

  it('of another lane is another matter', () => {
    const { takes, take } = ground();
    takes(10_000, 'a');
    expect(Array.from({ length: 100 }, () => take('transactional', 'a')).every(Boolean)).toBe(true);
  });

  it('is not for who waits already, until the queue has been empty for a while', async () => {
    const { broker, takes, pass } = ground();
    await pass(150);
    takes(10_000, 'a');
    broker.depth = 2;
    await pass(150);
    expect(takes(100, 'a')).toBe(0);
    broker.depth = 0;
    await pass(150);
    expect(takes(100, 'a')).toBe(0);
    for (let turn = 0; turn < 8; turn += 1) await pass(150);
    expect(takes(100, 'a')).toBe(100);
  });

  it('is not for them either where nobody handed anything in for a while, and the queue is as it was', async () => {
    const { broker, takes, pass } = ground();
    takes(10_000, 'a');
    broker.depth = leastShort / idsPerMessage + 1;
    for (let turn = 0; turn < 50; turn += 1) {
      await pass(100);
      expect(takes(100, 'a')).toBe(0);
    }
    expect(takes(100, 'b')).toBe(share);
  });

  it('is for everybody where nobody can tell, as the broker is away', async () => {
    const { broker, takes, pass } = ground();
    broker.isAway = true;
    takes(10_000, 'a');
    await pass(2_000);
    expect(takes(100, 'a')).toBe(100);
  });
});
