import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { Unsubscribe, unsubscribeHeaders } from './unsubscribe.ts';

const post = { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };

describe('unsubscribe', () => {
  it.each<[string, unknown, Record<string, string>]>([
    ['one click', { url: 'https://u.test/7?a=b,c' }, { 'List-Unsubscribe': '<https://u.test/7?a=b,c>', ...post }],
    [
      'one click, said',
      { url: 'https://u.test/7', one_click: true },
      { 'List-Unsubscribe': '<https://u.test/7>', ...post },
    ],
    ['a page to look at', { url: 'http://u.test/7', one_click: false }, { 'List-Unsubscribe': '<http://u.test/7>' }],
    ['an email', { url: 'mailto:u@u.test', one_click: false }, { 'List-Unsubscribe': '<mailto:u@u.test>' }],
    [
      'an international address',
      { url: 'https://exämple.com/für wen?>' },
      { 'List-Unsubscribe': '<https://xn--exmple-cua.com/f%C3%BCr%20wen?%3E>', ...post },
    ],
  ])('%s', (_what, input, headers) => {
    expect(unsubscribeHeaders(v.parse(Unsubscribe, input))).toEqual(headers);
  });

  it.each<[string, unknown]>([
    ['one click without TLS', { url: 'http://u.test/7' }],
    ['one click by email', { url: 'mailto:u@u.test', one_click: true }],
    ['a script', { url: 'javascript:alert(1)', one_click: false }],
    ['no address', { url: 'unsubscribe here' }],
    ['CRLF', { url: 'https://u.test/\r\nBcc: b@example.com' }],
    ['an address that closes itself', { url: 'mailto:u@u.test>,<https://evil.test', one_click: false }],
    ['a long one', { url: `https://u.test/${'ü'.repeat(200)}` }],
    ['text', 'https://u.test/7'],
    ['one_click in words', { url: 'https://u.test/7', one_click: 'yes' }],
    ['nothing', {}],
  ])('refuses %s', (_what, input) => {
    expect(v.is(Unsubscribe, input)).toBe(false);
  });
});
