import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeySet } from './key-set.ts';

const keyOf = async (kid: string) => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
};
const old = await keyOf('old');
const next = await keyOf('next');

let server: Server;
let url: string;
/** What the server answers: a key set, or a status alone. */
let published: JWK[] | number;
let asked: number;
let time: number;
let keySet: JWTVerifyGetKey;

beforeAll(async () => {
  server = createServer((_, response) => {
    asked += 1;
    response.writeHead(typeof published === 'number' ? published : 200);
    response.end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  published = [old.jwk];
  asked = 0;
  time = 0;
  keySet = createKeySet(url, () => time);
});

async function verify({ kid, privateKey }: { kid: string; privateKey: CryptoKey } = old): Promise<string> {
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
  return jwtVerify(token, keySet).then(
    () => 'verified',
    (error) => error.code ?? error.message.replace(url, '…'),
  );
}
const unknown = 'ERR_JWKS_NO_MATCHING_KEY';
const away = 'The keys at … cannot be fetched';
const many = (count: number, key = old) => Promise.all(Array.from({ length: count }, () => verify(key)));

describe('the keys', () => {
  it('are asked for once, however many need them, and again after 10 minutes', async () => {
    expect(new Set(await many(20))).toEqual(new Set(['verified']));
    expect(asked).toBe(1);
    time = 599_999;
    await verify();
    expect(asked).toBe(1);
    time = 600_000;
    await verify();
    expect(asked).toBe(2);
  });

  it('that were taken away are not used after 10 minutes, even by the first who comes', async () => {
    await verify();
    published = [next.jwk];
    time = 600_000;
    expect(await verify(old)).toBe(unknown);
  });
});

describe('a key that is not known yet', () => {
  it('is known 5 s after the last question at the latest', async () => {
    await verify();
    published = [old.jwk, next.jwk];
    time = 4_999;
    expect(await verify(next)).toBe(unknown);
    time = 5_000;
    expect(await verify(next)).toBe('verified');
    expect(await verify(old)).toBe('verified');
  });

  it('is known at once where nobody asked for 5 s', async () => {
    await verify();
    published = [next.jwk];
    time = 60_000;
    expect(await verify(next)).toBe('verified');
  });
});

describe('a flood of tokens', () => {
  it('that name unknown keys is one question every 5 s, and in nobody’s way', async () => {
    await verify();
    for (time = 0; time < 20_000; time += 500) {
      expect(new Set(await many(20, next))).toEqual(new Set([unknown]));
      expect(await verify(old)).toBe('verified');
    }
    expect(asked).toBe(4);
  });

  it('while there is no answer is one question a second', async () => {
    published = 503;
    for (time = 0; time < 5_000; time += 250) expect(new Set(await many(10))).toEqual(new Set([away]));
    expect(asked).toBe(5);
  });
});

describe('while the token function is away', () => {
  it('known keys are used on, for a day', async () => {
    await verify();
    published = 503;
    for (const hours of [1, 12, 23.9]) {
      time = hours * 3_600_000;
      expect(await verify()).toBe('verified');
    }
    time = 24 * 3_600_000;
    expect(await verify()).toBe(away);
    published = [old.jwk];
    time += 1_000;
    expect(await verify()).toBe('verified');
  });

  it('nobody says of an unknown key that there is none', async () => {
    await verify();
    published = 500;
    time = 5_000;
    expect(await verify(next)).toBe(away);
    expect(await verify(next)).toBe(away);
    expect(asked).toBe(2);
  });

  it.each<[string, unknown]>([
    ['no key set', { keys: 'none' }],
    ['a list of nonsense', { keys: [1] }],
  ])('%s is no answer', async (_, answer) => {
    published = (answer as { keys: JWK[] }).keys;
    expect(await verify()).toBe(away);
  });
});
