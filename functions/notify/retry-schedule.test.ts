import { describe, expect, it } from 'vitest';
import { mostRetryAfterMs, nextWait, parseRetryAfter, specifiedWaits } from './retry-schedule.ts';

const waits = specifiedWaits.map((seconds) => seconds * 1000);
const minutes = 60_000;
const hours = 60 * minutes;

describe('nextWait', () => {
  it.each<[string, number, number | undefined, number | undefined]>([
    ['at once', 100, undefined, 5_000],
    ['after the second attempt', 5_100, undefined, 5 * minutes],
    ['after the third', 306_000, undefined, 30 * minutes],
    ['late, as nobody could deliver until now', 3 * hours, undefined, 5 * hours],
    ['after the ninth', 51.6 * hours, undefined, 24 * hours],
    ['after the tenth: no more', 75.6 * hours, undefined, undefined],
    ['longer, as the endpoint asks', 100, 60_000, 60_000],
    ['not shorter than the schedule', 306_000, 60_000, 30 * minutes],
    ['not longer than a day', 100, 100 * 24 * hours, mostRetryAfterMs],
    ['no more, whatever the endpoint asks', 76 * hours, 60_000, undefined],
  ])('%s', (_when, ageMs, retryAfterMs, expected) => {
    expect(nextWait(ageMs, waits, retryAfterMs, 0)).toBe(expected);
  });

  it('makes the ten attempts of the specification, whatever the jitter and however long each takes', () => {
    for (const random of [0, 0.5, 1]) {
      let ageMs = 0;
      let attempts = 1;
      for (;;) {
        ageMs += 1_000;
        const wait = nextWait(ageMs, waits, undefined, random);
        if (wait === undefined) break;
        ageMs += wait;
        attempts += 1;
      }
      expect(attempts).toBe(10);
      expect(ageMs / hours).toBeGreaterThan(75);
      expect(ageMs / hours).toBeLessThan(75 * 1.25);
    }
  });

  it('adds a fifth at most', () => {
    expect(nextWait(0, waits, undefined, 1)).toBe(6_000);
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2027-01-01T00:00:00Z');
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['120', 120_000],
    ['0', 0],
    ['Fri, 01 Jan 2027 00:01:00 GMT', 60_000],
    ['Thu, 31 Dec 2026 00:00:00 GMT', 0],
    // RFC 9110 §5.6.7: the other two forms, both in GMT.
    ['Friday, 01-Jan-27 00:01:00 GMT', 60_000],
    ['Fri Jan  1 00:01:00 2027', 60_000],
    ['Tue, 30 Feb 2027 00:00:00 GMT', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    ['99999999999999999999', undefined],
  ])('%s', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });
});
