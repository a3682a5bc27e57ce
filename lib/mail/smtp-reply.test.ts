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

  it.each([
    ['550 undefined address', null, 'undefined address'],
    ['550 the undefined address', null, 'the undefined address'],
    ['550-null address\r\n550 undefined address', null, 'null address undefined address'],
    ['550 5.1.1 no 5.1.1 here', '5.1.1', 'no 5.1.1 here'],
  ])('%j keeps each of its words', (text, enhanced_code, words) => {
    expect(parseReply(text)).toEqual({ code: 550, enhanced_code, text: words });
  });

  it.each([
    ['550 no mailbox here by that name (#5.1.1)', '5.1.1'],
    ['550 no mailbox here by that name. (#5.1.1 - chkusr)', '5.1.1'],
    ['550 User unknown [5.1.1]', '5.1.1'],
    ['550 #5.1.0 Address rejected.', '5.1.0'],
    ['550 User unknown 5.1.1', '5.1.1'],
    ['550 User unknown - 5.1.1.', '5.1.1'],
    ['550 5.7.1: not from you', '5.7.1'],
    ['550-Verification failed\r\n550 5.1.8 for your sender', '5.1.8'],
    ['554 the next server said: 550 5.1.1 User unknown', '5.1.1'],
    ['450 later (#4.2.1)', '4.2.1'],
    // Of another class, or no code at all.
    ['550 later (#4.2.1)', null],
    ['550 192.0.2.1 is listed', null],
    ['550 listed: [5.1.1.2]', null],
    ['550 5.1.1.2 is listed', null],
    ['550 use version 5.1.12345', null],
    ['5501 5.1.1 no reply', undefined],
  ])('%j: enhanced code %j, wherever it stands', (text, enhanced_code) => {
    expect(parseReply(text)?.enhanced_code).toBe(enhanced_code);
  });

  it('keeps text that the database takes', () => {
    expect(storableText('a\0b\x1b[31m\ud800')).toBe('a b [31m\ufffd');
    expect(storableText('x'.repeat(2_000))).toHaveLength(1_000);
  });
});
