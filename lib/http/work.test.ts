import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createWork, WorkTooLong } from './work.ts';

const program = new URL('./fixtures/thread.mjs', import.meta.url);
const workWith = (options = {}) => createWork({ program, threads: 2, ...options });

describe('a piece of work', () => {
  it('is done in a thread, whose refusals are those of callers', async () => {
    const work = workWith();
    expect(await work('echo', { at: new Date(0) }, { holder: 'a' })).toEqual({ at: new Date(0) });
    await expect(work('refuse', {}, { holder: 'a' })).rejects.toMatchObject({
      code: 'validation_error',
      errors: [{ path: 'a', message: 'b' }],
    });
  });

  it.each(['forever', 'memory'])('is ended with its thread where it goes on: %s', async (name) => {
    const work = workWith();
    await expect(work(name, {}, { holder: 'a', limitMs: 3_000 })).rejects.toThrow(WorkTooLong);
    expect(await work('echo', 1, { holder: 'a' })).toBe(1);
  });

  it('does nothing any more once it was ended', async () => {
    const shared = new SharedArrayBuffer(4);
    const counted = () => Atomics.load(new Int32Array(shared), 0);
    // Until it has begun: a thread may have no turn in so short a time.
    for (let limitMs = 500; counted() === 0; limitMs *= 2)
      await expect(workWith()('count', shared, { holder: 'a', limitMs })).rejects.toThrow(WorkTooLong);
    await vi.waitFor(
      async () => {
        const before = counted();
        expect(before).not.toBe(0);
        // Long enough for a thread to have its turn on a busy machine.
        await setTimeout(300);
        expect(counted()).toBe(before);
      },
      { timeout: 60_000 },
    );
  });
});

describe('a client', () => {
  it('has half of the threads: the work of another begins at once', async () => {
    const work = workWith();
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const held = [1, 2, 3].map(() => work('hold', gate, { holder: 'a', limitMs: 120_000 }));
    expect(await work('echo', 1, { holder: 'b' })).toBe(1);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await Promise.all(held);
  });

  it('for whom much was done has its turn after others', async () => {
    const work = workWith({ threads: 1 });
    const order: string[] = [];
    const run = (holder: string) => work('busy', 100, { holder }).then(() => order.push(holder));
    const greedy = [run('a'), run('a'), run('a')];
    await greedy[0];
    await Promise.all([...greedy, run('b')]);
    expect(order).toEqual(['a', 'a', 'b', 'a']);
  });

  it('that waits in vain is told so', async () => {
    const work = workWith({ threads: 1, waitMs: 50 });
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const first = work('hold', gate, { holder: 'a', limitMs: 120_000 });
    await expect(work('echo', 1, { holder: 'a' })).rejects.toMatchObject({ code: 'rate_limit_exceeded' });
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await first;
  });
});
