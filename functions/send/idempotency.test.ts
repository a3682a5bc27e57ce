import { describe, expect, it } from 'vitest';
import { fingerprint, parseIdempotencyKey } from './idempotency.ts';

describe('parseIdempotencyKey', () => {
  it.each([
    [undefined, undefined],
    ['abc-123', 'abc-123'],
    [' welcome/user 7 ', 'welcome/user 7'],
    ['"abc-123"', 'abc-123'],
    ['"a \\"b\\" \\\\"', 'a "b" \\'],
    ['x'.repeat(256), 'x'.repeat(256)],
  ])('%j is %j', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  it.each(['', '  ', '""', '"open', 'a"', 'schlüssel', 'x'.repeat(257)])('refuses %j', (header) => {
    expect(() => parseIdempotencyKey(header)).toThrow(/1 to 256/);
  });
});

describe('fingerprint', () => {
  it('is of what the body says, not of how it is written', () => {
    expect(fingerprint({ a: 1, b: { c: [1, 2], d: null } })).toBe(fingerprint({ b: { d: null, c: [1, 2] }, a: 1 }));
    expect(fingerprint({ a: [1, 2] })).not.toBe(fingerprint({ a: [2, 1] }));
    expect(fingerprint({ a: '1' })).not.toBe(fingerprint({ a: 1 }));
  });
});
