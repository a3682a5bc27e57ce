import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { leastMs } from '../../infra/test/cost.ts';
import { ScheduleTime, timeInWords } from './time-in-words.ts';

/** A Saturday. */
const now = new Date('2026-01-31T12:00:00Z');

describe('a time in words', () => {
  it.each([
    ['in 1 min', '2026-01-31T12:01:00.000Z'],
    ['in an hour', '2026-01-31T13:00:00.000Z'],
    ['in 2 hours and 30 minutes', '2026-01-31T14:30:00.000Z'],
    ['in 90 seconds', '2026-01-31T12:01:30.000Z'],
    ['In 3 Days', '2026-02-03T12:00:00.000Z'],
    [' in 1 week ', '2026-02-07T12:00:00.000Z'],
    ['tomorrow at 9am', '2026-02-01T09:00:00.000Z'],
    ['tomorrow at 9:30 pm', '2026-02-01T21:30:00.000Z'],
    ['at 9am', '2026-02-01T09:00:00.000Z'],
    ['next monday at 10:00', '2026-02-02T10:00:00.000Z'],
    ['Friday at 3pm ET', '2026-02-06T20:00:00.000Z'],
    ['12 March 2026 at 08:15 UTC', '2026-03-12T08:15:00.000Z'],
    ['now', '2026-01-31T12:00:00.000Z'],
  ])('%s', (words, expected) => {
    expect(timeInWords(words, now)?.toISOString()).toBe(expected);
  });

  it.each([
    'soon',
    'call me in 1 min',
    'in 1 min or tomorrow',
    '30 February 2026',
    'from 9am to 10am',
    '',
    'in',
    'at 25:00 pm',
  ])('%s is none', (words) => {
    expect(timeInWords(words, now)).toBeUndefined();
  });
});

describe('when to deliver', () => {
  it('is said either way', () => {
    expect(v.parse(ScheduleTime, '2026-01-31T13:00:00+01:00')).toEqual(now);
    const inTwo = v.parse(ScheduleTime, 'in 2 min').getTime() - Date.now();
    expect(inTwo).toBeGreaterThan(60_000);
    expect(inTwo).toBeLessThanOrEqual(120_000);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-02-30',
    '12:00',
    'yesterday',
    '2 hours ago',
    'in 1 min'.padEnd(61),
    'in'.repeat(10_000),
    60,
    null,
  ])('is not %s', (given) => {
    expect(v.is(ScheduleTime, given)).toBe(false);
    expect(leastMs(() => v.is(ScheduleTime, given), 100)).toBeLessThanOrEqual(100);
  });
});
