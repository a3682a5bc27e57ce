import { expect, test } from 'vitest';
import { fromOurPage } from './same-origin.ts';

const ask = (headers: Record<string, string>) => fromOurPage({ headers, rawHeaders: Object.entries(headers).flat() });

test.each<[string, Record<string, string>, boolean]>([
  ['curl', { host: 'localhost:1080' }, true],
  ['a program', { host: '127.0.0.1:1080' }, true],
  ['IPv6', { host: '[::1]:1080' }, true],
  [
    'the page itself',
    { host: 'localhost:1080', origin: 'http://localhost:1080', 'sec-fetch-site': 'same-origin' },
    true,
  ],
  ['an address typed in', { host: 'localhost:1080', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, true],
  ['a link elsewhere', { host: 'localhost:1080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, true],
  ['a script of another page', { host: 'localhost:1080', origin: 'https://evil.example.com' }, false],
  ['a page on another port', { host: 'localhost:1080', origin: 'http://localhost:3000' }, false],
  ['a sandboxed frame', { host: 'localhost:1080', origin: 'null' }, false],
  [
    'an image on another page',
    { host: 'localhost:1080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    false,
  ],
  ['a name that leads here', { host: 'evil.example.com:1080', origin: 'http://evil.example.com:1080' }, false],
  ['a name that looks like ours', { host: 'localhost.evil.example.com' }, false],
  ['no host', {}, false],
])('%s', (_what, headers, isOurs) => {
  expect(ask(headers)).toBe(isOurs);
});

test('two hosts are none', () => {
  const headers = { host: 'localhost' };
  expect(fromOurPage({ headers, rawHeaders: ['Host', 'localhost', 'host', 'evil.example.com'] })).toBe(false);
});
