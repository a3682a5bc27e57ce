import { describe, expect, it } from 'vitest';
import { untilNoneLeft } from './patience.ts';

/** Waits for what `left` says by the time that has passed, in seconds; a pause takes as long as it says and no real time. */
async function waitFor(left: (seconds: number) => number) {
  let ms = 0;
  const pause = async (wanted: number) => {
    ms += wanted;
    if (ms > 1_000_000) throw new Error('it waits for ever');
  };
  const clock = { now: () => ms, pause };
  const answer = await untilNoneLeft(async () => left(ms / 1_000), clock);
  return { answer, seconds: ms / 1_000 };
}

describe('what is waited for', () => {
  it('is none left', async () => {
    expect(await waitFor(() => 0)).toEqual({ answer: 0, seconds: 0 });
  });

  it.each([
    ['falls quickly', 1, 10],
    ['falls by one in 119 s, on a machine as slow as that', 119, 5],
  ])('goes on as long as the number %s', async (_, each, count) => {
    const { answer, seconds } = await waitFor((now) => count - Math.floor(now / each));
    expect(answer).toBe(0);
    expect(seconds).toBeCloseTo(each * count, 0);
  });

  it.each([
    ['stays', () => 3],
    ['rises', (seconds: number) => 3 + Math.floor(seconds)],
    ['goes up and down', (seconds: number) => 3 + (Math.floor(seconds) % 2)],
    ['falls once and stays', (seconds: number) => (seconds < 50 ? 4 : 3)],
  ])('ends two minutes after the last progress where the number %s', async (what, left) => {
    const { answer, seconds } = await waitFor(left);
    expect(answer).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeCloseTo(what.startsWith('falls') ? 170 : 120, 0);
  });
});
