import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../lib/process/settings.ts';
import { parseRelayUrls } from './relay-url.ts';
import { ConsumeSettings } from './settings.ts';

describe('parseRelayUrls', () => {
  it.each<[string, string, string[]]>([
    ['one', 'smtp://a.example', ['a.example:587']],
    ['ports of their own', 'smtps://a.example smtp://b.example:25', ['a.example:465', 'b.example:25']],
    ['commas, spaces, line ends', ' smtp://a:1, smtp://b:2,smtp://c:3\n smtp://d:4 ,', ['a:1', 'b:2', 'c:3', 'd:4']],
    ['a comma in a password', 'smtp://u:p,q@a:1,smtp://b:2', ['a:1', 'b:2']],
    ['a comma in a parameter', 'smtp://a:1?name=x,y,smtp://b:2', ['a:1', 'b:2']],
    ['IPv6', 'smtp://[::1]:2525', ['[::1]:2525']],
    ['two accounts at one relay', 'smtp://u:1@a:1 smtp://v:2@a:1', ['a:1', 'a:1#2']],
  ])('%s', (_what, text, names) => {
    const { relays, faults } = parseRelayUrls(text);
    expect(faults).toEqual([]);
    expect(relays.map(({ name }) => name)).toEqual(names);
  });

  it.each<[string, object]>([
    [
      'smtp://me%40example.com:p%40s%2Fs%25%2C@a',
      { auth: { user: 'me@example.com', pass: 'p@s/s%,' }, requireTLS: true },
    ],
    ['smtps://me:pw@a', { secure: true, requireTLS: false }],
    ['smtp://a', { requireTLS: false, ignoreTLS: false }],
    ['smtp://a?requireTLS=true', { requireTLS: true }],
    ['smtp://me:pw@a?requireTLS=false', { requireTLS: false, ignoreTLS: false }],
    ['smtp://me:pw@a?ignoreTLS=true', { requireTLS: false, ignoreTLS: true }],
    ['smtp://[::1]', { host: '::1', name: '[::1]:587' }],
    [
      'smtps://a?tls.rejectUnauthorized=false&tls.servername=b&tls.minVersion=TLSv1.3&name=me.example',
      { tls: { rejectUnauthorized: false, servername: 'b', minVersion: 'TLSv1.3' }, ehloName: 'me.example' },
    ],
  ])('%s', (text, expected) => {
    expect(parseRelayUrls(text)).toMatchObject({ relays: [expected], faults: [] });
  });

  it.each<[string, RegExp]>([
    ['', /must be a URL/],
    ['localhost:25', /must begin with smtp/],
    ['http://me:secret@a', /must begin with smtp/],
    ['smtp://', /must be a URL|host/],
    ['smtp://a,b', /host/],
    ['smtp://me:sec/ret@a', /must be a URL/],
    ['smtp://me:secret@a/path', /after the host/],
    ['smtp://me:secret@a#x', /after the host/],
    ['smtp://me:sec%ret@a', /encoded as %25/],
    ['smtp://me@a', /both/],
    ['smtp://:secret@a', /both/],
    ['smtp://a?tls.rejectUnauthorised=false', /parameter that is none of/],
    ['smtp://a?logger=true', /parameter that is none of/],
    ['smtp://a?requireTLS=yes', /not true or false/],
    ['smtp://a?requireTLS=true&ignoreTLS=true', /exclude each other/],
    ['smtp://a?tls.minVersion=3', /minVersion/],
  ])('%s is a fault', (text, fault) => {
    const { faults } = parseRelayUrls(text);
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults[0]).not.toMatch(/sec(ret|%)/);
  });

  it('names every faulty one, and repeats none of them', () => {
    const DATABASE_URL = 'postgres://x/y';
    const SMTP_URL = 'smtp://ok smtp://me:hunter2@a?x=1 smtp://me:hunter2@b/c';
    const parse = () => parseSettings(ConsumeSettings, { DATABASE_URL, SMTP_URL });
    expect(parse).toThrow(/SMTP_URL: relay 2 of 3 has a parameter[\s\S]*SMTP_URL: relay 3 of 3 has something after/);
    expect(parse).not.toThrow(/hunter2/);
    expect(parseSettings(ConsumeSettings, { DATABASE_URL, SMTP_URL: 'smtp://a smtp://b' }).SMTP_URL).toHaveLength(2);
    expect(() => parseSettings(ConsumeSettings, { DATABASE_URL })).toThrow(/SMTP_URL: is not set/);
  });
});
