import { describe, expect, it } from 'vitest';
import { type EmailState, parseWait, waitForOutcome } from './wait.ts';

describe('parseWait', () => {
  it.each([
    [undefined, 0],
    ['wait=10', 10_000],
    ['respond-async, wait=5', 5_000],
    ['WAIT = 3 ; foo=bar', 3_000],
    ['wait="7"', 7_000],
    ['wait=600', 30_000],
    ['wait=-1', 0],
    ['wait=soon', 0],
    ['await=5', 0],
  ])('%j is %i ms', (header, ms) => {
    expect(parseWait(header)).toBe(ms);
  });
});

describe('waitForOutcome', () => {
  const state = (finished: boolean): EmailState => ({
    status: finished ? 'sent' : 'queued',
    finished,
    attempts: 1,
    last_reply: null,
  });
  const never = new AbortController().signal;

  it('ends with the outcome', async () => {
    let looks = 0;
    const outcome = await waitForOutcome('id', 30_000, async () => state(++looks === 3), never);
    expect(outcome).toEqual(state(true));
  });

  it('ends with the state there is when the time is over, or the process is to end', async () => {
    expect(await waitForOutcome('id', 50, async () => state(false), never)).toEqual(state(false));
    expect(await waitForOutcome('id', 30_000, async () => state(false), AbortSignal.abort())).toEqual(state(false));
  });

  it('is without an answer when the database is', async () => {
    const outcome = await waitForOutcome('id', 10, () => Promise.reject(new Error('away')), never);
    expect(outcome).toBeUndefined();
  });
});
