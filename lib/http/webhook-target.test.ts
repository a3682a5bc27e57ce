// Server-side request forgery: where a webhook may not lead, in every spelling.
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { type AllowedRanges, faultOfAddress, faultOfUrl, webhookTargetSettings } from './webhook-target.ts';

const parse = (ranges: string): AllowedRanges => v.parse(webhookTargetSettings.WEBHOOK_ALLOWED_ADDRESSES, ranges);
const nothing = parse('');

describe('an address that is not public is refused', () => {
  it.each([
    ['unspecified', '0.0.0.0', '::'],
    ['this network', '0.1.2.3'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fc00::1', 'fec0::1'],
    ['link-local', '169.254.1.1', 'fe80::1', 'fe80::1%eth0'],
    ['cloud metadata', '169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
    ['carrier-grade NAT', '100.64.0.1', '100.127.255.255'],
    ['multicast and broadcast', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1'],
    [
      'reserved and documentation',
      '240.0.0.1',
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '198.18.0.1',
      '2001:db8::1',
    ],
    ['IPv4 in IPv6', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1', '::ffff:0:127.0.0.1'],
    ['translated (NAT64)', '64:ff9b::7f00:1', '64:ff9b::169.254.169.254', '64:ff9b:1::a00:1'],
    ['tunnelled (6to4, Teredo)', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2001::1', '192.88.99.1'],
    ['nobody’s', '4000::1', '100::1', '5f00::1', '3fff::1'],
    ['no address', 'localhost', '', '127.1.1.1.1', '::1::'],
  ])('%s', (_what, ...addresses) => {
    for (const address of addresses)
      expect([address, faultOfAddress(address, false, nothing)]).toEqual([address, expect.any(String)]);
  });
});

it('public ones are not', () => {
  for (const address of ['1.1.1.1', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])
    expect([address, faultOfAddress(address, false, nothing)]).toEqual([address, undefined]);
});

describe('what is allowed by the operator', () => {
  const allowed = parse('10.1.0.0/16, fd00:1::/32  127.0.0.1/32');
  it.each<[string, boolean]>([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['10.2.0.1', false],
    ['fd00:1::7', true],
    ['fd00:2::7', false],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['169.254.169.254', false],
  ])('%s: %s', (address, isAllowed) => {
    for (const isPlain of [true, false])
      expect(faultOfAddress(address, isPlain, allowed) === undefined).toBe(isAllowed);
  });

  it('is all that may be reached over plain http', () => {
    expect(faultOfAddress('1.1.1.1', true, allowed)).toBe('must begin with https://');
    expect(faultOfAddress('1.1.1.1', false, allowed)).toBeUndefined();
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'all', '10.0.0.0/8;', '::/129'])('is not "%s"', (text) => {
    expect(() => parse(text)).toThrow('must be address ranges');
  });
});

describe('of a URL it can be told', () => {
  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0x7f.1/',
    'https://127.1/',
    'https://１２７.０.０.１/',
    'https://127.0.0.1./',
    'https://[::1]/',
    'https://[0:0:0:0:0:ffff:7f00:1]/',
    'https://[::ffff:169.254.169.254]/latest/meta-data',
    'https://169.254.169.254/',
    'https://0/',
    'https://localhost/',
    'https://LOCALHOST:8443/',
    'https://localhost./',
    'https://a.localhost/',
    'https://user@example.com/',
    'https://user:password@example.com/',
    'https://:password@example.com/',
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'javascript:alert(1)',
    'https://[fe80::1%25eth0]/',
    'https://',
    'example.com',
    '',
  ])('%s leads nowhere it may', (url) => {
    expect(faultOfUrl(url, nothing)).toEqual(expect.any(String));
  });

  it.each([
    'https://example.com/hook?key=7#part',
    'https://example.com:8443/',
    'https://1.1.1.1/',
    'https://[2606:4700::1111]/',
  ])('%s may be tried', (url) => {
    expect(faultOfUrl(url, nothing)).toBeUndefined();
  });

  it('plain http needs an allowed address, which for a name is only known when it is looked up', () => {
    const allowed = parse('127.0.0.0/8');
    expect(faultOfUrl('http://localhost:3000/', allowed)).toBeUndefined();
    expect(faultOfUrl('http://name.test/', allowed)).toBeUndefined();
    expect(faultOfUrl('http://1.1.1.1/', allowed)).toBe('must begin with https://');
    expect(faultOfUrl('http://[::1]/', allowed)).toBe('must begin with https://');
  });
});
