// Which key signs, and how often the database is asked.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DkimKeyRow } from '../../lib/store/dkim-keys/dkim-keys.ts';
import { createKeyLookup, signingDomains } from './dkim-lookup.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A table of keys that counts its readers. */
function table(keys: Record<string, string>) {
  const asked: string[][] = [];
  const state = { fault: undefined as Error | undefined };
  async function read(domains: string[]): Promise<DkimKeyRow[]> {
    asked.push(domains);
    if (state.fault) throw state.fault;
    return Object.entries(keys)
      .filter(([domain]) => domains.includes(domain))
      .map(([domain, private_key]) => ({ domain, selector: 's1', private_key }));
  }
  return { asked, state, keys, read };
}

describe('signingDomains', () => {
  it.each([
    ['a.b.example.com', ['a.b.example.com', 'b.example.com', 'example.com']],
    ['EXÄMPLE.com', ['xn--exmple-cua.com']],
    ['localhost', []],
    ['[192.0.2.1]', []],
  ])('of %s', (domain, domains) => {
    expect(signingDomains(domain)).toEqual(domains);
  });
});

describe('the lookup', () => {
  it('finds the nearest key, asks once for those that come together, and remembers also that there is none', async () => {
    const { read, asked } = table({ 'example.com': pem, 'b.example.com': pem });
    const find = createKeyLookup({ read, keepMs: 60_000 });
    const addresses = ['x@example.com', 'y@example.com', 'x@a.b.example.com', 'x@c.example.com', 'x@example.org'];
    for (const _ of [1, 2]) {
      const found = await Promise.all(addresses.map(find));
      expect(found.map((key) => key?.domain)).toEqual([
        ...['example.com', 'example.com', 'b.example.com', 'example.com', undefined],
      ]);
    }
    expect(asked.map((domains) => domains.toSorted())).toEqual([
      ['a.b.example.com', 'b.example.com', 'c.example.com', 'example.com', 'example.org'],
    ]);
  });

  it('asks again when an answer is too old', async () => {
    const { read, asked, keys } = table({});
    const find = createKeyLookup({ read, keepMs: 0 });
    expect(await find('x@example.com')).toBeUndefined();
    keys['example.com'] = pem;
    expect(await find('x@example.com')).toMatchObject({ domain: 'example.com', selector: 's1' });
    expect(asked).toHaveLength(2);
  });

  it('does not remember a failure, nor take it for an answer', async () => {
    const { read, state } = table({ 'example.com': pem });
    const find = createKeyLookup({ read, keepMs: 60_000 });
    state.fault = new Error('no such table');
    await expect(find('x@example.com')).rejects.toThrow('no such table');
    state.fault = undefined;
    expect(await find('x@example.com')).toMatchObject({ domain: 'example.com' });
  });

  it('rejects for a key that is of no use, and for its domain alone', async () => {
    const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { read } = table({ 'a.example': ed25519, 'b.example': 'no key', 'c.example': pem });
    const find = createKeyLookup({ read, keepMs: 60_000 });
    const found = await Promise.allSettled(['x@a.example', 'x@b.example', 'x@c.example'].map(find));
    expect(found.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });
});
