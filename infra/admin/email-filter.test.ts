import { describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import { parseFilter } from './email-filter.ts';

describe.each(['since', 'until'] as const)('--%s', (option) => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29T12:00', '2024-02-29T12:00:00.000Z'],
    ['2026-01-31 12:00:30', '2026-01-31T12:00:30.000Z'],
    ['2026-01-31T12:00:00.5+05:30', '2026-01-31T06:30:00.500Z'],
  ])('%s', (text, time) => {
    expect(parseFilter({ [option]: text })[option]?.toISOString()).toBe(time);
  });

  it.each([
    ...['2027-02-30', '2027-02-29T12:00', '2027-04-31 00:00', '2027-01-00', '2027-13-01', '0000-01-01'],
    ...['2027-01-01T24:00', '2027-01-01T12:60', '2016-12-31T23:59:60', '2027-01-01T12:00+25:00', '2027-1-1', 'now'],
  ])('there is no %s', (text) => {
    expect(() => parseFilter({ [option]: text })).toThrow(UsageError);
  });
});
