import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { QueryTime } from './query.ts';
import { Time } from './request-body.ts';

/** In a body and in a query. */
const schemas = { Time, QueryTime };

describe.each(Object.entries(schemas))('%s', (_name, schema) => {
  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00.123456789Z', '2026-01-31T12:00:00.123Z'],
    ['2026-01-31T12:00:00.5+05:30', '2026-01-31T06:30:00.500Z'],
    ['2026-01-31T23:30:00-01:00', '2026-02-01T00:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('takes %s', (text, time) => {
    expect(v.parse(schema, text).toISOString()).toBe(time);
  });

  it.each([
    ['30 February', '2027-02-30T00:00:00Z'],
    ['29 February of another year', '2027-02-29T00:00:00Z'],
    ['29 February of 1900', '1900-02-29T00:00:00Z'],
    ['31 April', '2027-04-31T00:00:00Z'],
    ['day 0', '2027-04-00T00:00:00Z'],
    ['month 0', '2027-00-01T00:00:00Z'],
    ['month 13', '2027-13-01T00:00:00Z'],
    ['year 0', '0000-01-01T00:00:00Z'],
    ['a time that is in year 0 in UTC', '0001-01-01T00:00:00+00:01'],
    ['a time that is in year 10000 in UTC', '9999-12-31T23:59:59-00:01'],
    ['the last time of JavaScript', '+275760-09-13T00:00:00Z'],
    ['a year of five digits', '10000-01-01T00:00:00Z'],
    ['a year before the first', '-000001-01-01T00:00:00Z'],
    ['24:00', '2027-01-31T24:00:00Z'],
    ['minute 60', '2027-01-31T12:60:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['an offset of 99 hours', '2027-01-31T12:00:00+99:99'],
    ['an offset of 24 hours', '2027-01-31T12:00:00+24:00'],
    ['an offset of 60 minutes', '2027-01-31T12:00:00+01:60'],
    ['no offset', '2027-01-31T12:00:00'],
    ['a date', '2027-01-31'],
    ['other digits', '２０２７-01-31T12:00:00Z'],
    ['white space after it', '2027-01-31T12:00:00Z\n'],
  ])('refuses %s once', (_what, text) => {
    expect(v.safeParse(schema, text).issues).toHaveLength(1);
  });
});
