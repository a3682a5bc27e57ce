import { describe, expect, it } from 'vitest';
import { loadOf, noLoad } from './load.ts';

const attached = (...sizes: number[]) =>
  sizes.map((size) => ({ filename: 'a', content_type: null, content_id: null, size }));

describe('what an email takes while it is delivered', () => {
  it.each([
    ['a short text', 1_000, [], noLoad],
    ['a small attachment', 1_000, [40_000], noLoad],
    [
      'attachments of some size: as much as is held of them',
      1_000,
      [150_000, 150_000],
      { bytes: 1_642_096, isLong: false },
    ],
    [
      'large attachments: some chunks, and a connection for long',
      1_000,
      [28_000_000],
      { bytes: 4_000_000, isLong: true },
    ],
    ['a text of some size: all of it', 200_000, [], { bytes: 800_000, isLong: false }],
    ['a large text: all of it, and a connection for long', 9_800_000, [], { bytes: 39_200_000, isLong: true }],
  ])('%s', (_what, content_bytes, sizes, load) => {
    expect(loadOf({ content_bytes, attachments: attached(...sizes) })).toEqual(load);
  });

  it('a row that has the bytes of its attachments in it', () => {
    expect(loadOf({ content_bytes: 2_000_000, attachments: null })).toEqual({ bytes: 8_000_000, isLong: true });
  });
});
