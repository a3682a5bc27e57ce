import { describe, expect, it } from 'vitest';
import { parseReply, storableText } from './smtp-reply.ts';

describe('parseReply', () => {
  it.each([
    ['250 2.1.5 Ok', { code: 250, enhanced_code: '2.1.5', text: 'Ok' }],
    [
      '550-5.1.1 The address\r\n550 5.1.1 is unknown',
      { code: 550, enhanced_code: '5.1.1', text: 'The address is unknown' },
    ],
    ['421 bye', { code: 421, enhanced_code: null, text: 'bye' }],
    ['250', { code: 250, enhanced_code: null, text: '' }],
    ['nonsense', undefined],
  ])('%j', (text, expected) => {
    expect(parseReply(text)).toEqual(expected);
  });

  it('keeps text that the database takes', () => {
    expect(storableText('a\0b\x1b[31m\ud800')).toBe('a b [31m\ufffd');
    expect(storableText('x'.repeat(2_000))).toHaveLength(1_000);
  });
});
