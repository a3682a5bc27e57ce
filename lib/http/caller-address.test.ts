import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { callerAddress, privateProxies, proxySettings, type TrustedProxies } from './caller-address.ts';

const parse = (text: string): TrustedProxies => v.parse(proxySettings.TRUSTED_PROXIES, text);

function of(remoteAddress: string, forwarded: string | undefined, proxies = privateProxies): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return callerAddress({ headers, socket: { remoteAddress } } as unknown as IncomingMessage, proxies);
}

describe('whose request it is', () => {
  it.each([
    ['nobody says', '127.0.0.1', undefined, '127.0.0.1'],
    ['our gateway says', '172.18.0.2', '203.0.113.6', '203.0.113.6'],
    ['our gateway says it last, after what the caller invented', '::1', '198.51.100.9, 203.0.113.6', '203.0.113.6'],
    ['our gateway says it is of a private network', '127.0.0.1', '198.51.100.9, 10.0.0.7', '10.0.0.7'],
    ['our gateway in IPv6 clothes says', '::ffff:10.0.0.2', '2001:db8::1', '2001:db8::1'],
    ['a stranger says', '198.51.100.9', '203.0.113.6', '198.51.100.9'],
    ['our gateway says nothing that is an address', '127.0.0.1', 'unknown', 'unknown'],
    ['the header is empty', '127.0.0.1', ' , ', '127.0.0.1'],
  ])('%s', (_, peer, forwarded, expected) => {
    expect(of(peer, forwarded)).toBe(expected);
  });

  it('is looked for behind the proxies that are named', () => {
    const named = parse('private_ranges, 192.0.2.0/24 2001:db8:1::/48');
    expect(of('172.18.0.2', '198.51.100.9, 203.0.113.6, 192.0.2.7, 2001:db8:1::5', named)).toBe('203.0.113.6');
    expect(of('192.0.2.7', '203.0.113.6', named)).toBe('203.0.113.6');
    expect(of('172.18.0.2', '192.0.2.8, 192.0.2.7', named)).toBe('192.0.2.8');
  });

  it('is looked for behind 20 of them at most', () => {
    const named = parse('private_ranges 192.0.2.0/24');
    const chain = (proxies: number) => `203.0.113.6${', 192.0.2.7'.repeat(proxies)}`;
    expect(of('127.0.0.1', chain(19), named)).toBe('203.0.113.6');
    expect(of('127.0.0.1', chain(1_500), named)).toBe('192.0.2.7');
  });

  it.each([
    ['the last that the proxy of its host says', '198.51.100.9, 203.0.113.6', privateProxies, '203.0.113.6'],
    ['nobody where nothing is said', undefined, privateProxies, ''],
    ['nobody where private proxies are not trusted', '203.0.113.6', parse('192.0.2.0/24'), ''],
  ])('is %s, where there is no socket', (_what, forwarded, proxies, expected) => {
    expect(of('', forwarded, proxies)).toBe(expected);
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect(callerAddress({ headers } as unknown as IncomingMessage, proxies)).toBe(expected);
  });

  it('is not asked of a private network that is not named', () => {
    expect(of('127.0.0.1', '203.0.113.6', parse('192.0.2.0/24'))).toBe('127.0.0.1');
  });
});

it.each(['localhost', '10.0.0.1', '10.0.0.0/33', 'private'])('%j is no list of proxies', (text) => {
  expect(() => parse(text)).toThrow('must be "private_ranges" or address ranges');
});
