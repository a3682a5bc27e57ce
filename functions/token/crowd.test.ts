// One address with any number of client ids, on a real process: others get their tokens, and memory is bounded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { exampleClient, json, type RunningFunction, startFunction } from '../../infra/test/functions.ts';
import { insertClient } from '../../lib/store/clients/clients.ts';
import { hashSecret } from './secret-hash.ts';

let database: TestDatabase;
let token: RunningFunction;

const fresh = Array.from({ length: 5 }, (_, n) => `fresh-${n}`);

beforeAll(async () => {
  database = await createTestDatabase();
  const secret_hash = await hashSecret(exampleClient.client_secret);
  for (const client_id of [exampleClient.client_id, ...fresh]) {
    await insertClient(database.sql, { client_id, scopes: ['email'], secret_hash });
  }
  token = await startFunction('token', {
    DATABASE_URL: database.url,
    SIGNING_KEYS_FILE: join(inject('workDirectory'), 'signing-keys.json'),
    TRUSTED_PROXIES: '127.0.0.0/8',
  });
});
afterAll(async () => {
  await token?.stop();
  await database?.drop();
});

async function ask(client_id: string, client_secret: string, address: string) {
  const response = await fetch(`${token.url}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret }),
  });
  const body = await json(response);
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body,
  };
}
const askRightly = (client_id: string, address: string) => ask(client_id, exampleClient.client_secret, address);

it('one address with many client ids holds up nobody else', async () => {
  expect((await askRightly(exampleClient.client_id, '203.0.113.1')).status).toBe(200);
  let flooding = true;
  const refusals: Awaited<ReturnType<typeof ask>>[] = [];
  const flood = Array.from({ length: 60 }, async (_, n) => {
    for (let round = 0; flooding; round += 1) {
      refusals.push(await ask(`nobody-${n}-${round}`, 'guess', '198.51.100.66'));
      // A crowd, not more requests than the machine can carry.
      await pause(1_000);
    }
  });
  while (refusals.length < 40) await pause(10);

  // How many guesses of the crowd were checked meanwhile, not how long it took: that is the machine's affair.
  const checked = () => refusals.filter(({ status }) => status === 401).length;
  const known: number[] = [];
  const unknown: number[] = [];
  try {
    for (const client_id of fresh) {
      for (let n = 0; n < 5; n += 1) {
        const before = checked();
        expect((await askRightly(exampleClient.client_id, '203.0.113.1')).status).toBe(200);
        known.push(checked() - before);
      }
      const before = checked();
      expect((await askRightly(client_id, '203.0.113.2')).status).toBe(200);
      unknown.push(checked() - before);
    }
  } finally {
    flooding = false;
  }
  await Promise.all(flood);

  expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([401, 429]));
  for (const { status, retryAfter } of refusals) expect(retryAfter).toBe(status === 429 ? '1' : null);
  expect(median(known)).toBeLessThan(5);
  expect(median(unknown)).toBeLessThan(10);
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${token.child.pid}/status`, 'utf8'))?.[1];
  expect(Number(peak) / 1024).toBeLessThan(400);
});

function median(numbers: number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.POSITIVE_INFINITY;
}

it('ten wrong guesses lock nobody out, neither elsewhere nor behind the same address', async () => {
  const [client_id = ''] = fresh;
  for (let n = 0; n < 10; n += 1) await ask(client_id, `guess ${n}`, '198.51.100.7');
  expect((await askRightly(client_id, '203.0.113.7')).status).toBe(200);
  expect((await ask(client_id, 'guess', '198.51.100.7')).status).toBe(429);
  expect((await askRightly(client_id, '198.51.100.7')).status).toBe(200);
});
