// A host that imports functions: the functions framework's own command finds each bundle's export and serves it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startChild } from '../local/child.ts';
import { freePort } from '../local/ports.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { asRole, brokerUrl, type FunctionName, issuer, json } from './functions.ts';

const framework = join(dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')), 'main.js');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it.each<[FunctionName, string, string, number]>([
  ['token', 'POST', '/authorize', 401],
  ['send', 'POST', '/send', 401],
  ['consume', 'POST', '/', 422],
  ['dispatch', 'GET', '/nope', 404],
  ['history', 'GET', '/emails', 401],
  ['manage', 'GET', '/nope', 404],
  ['notify', 'POST', '/', 422],
  ['intake', 'POST', '/nope', 404],
  ['console', 'GET', '/docs/guides/nope', 404],
])('%s', async (name, method, path, status) => {
  const port = await freePort();
  const host = startChild({
    name,
    command: process.execPath,
    args: [framework, '--source', join(inject('bundles'), name), '--target', name, '--port', String(port)],
    env: {
      NODE_ENV: 'production',
      DATABASE_URL: asRole(name, database.url),
      AMQP_URL: brokerUrl(),
      SMTP_URL: 'smtp://127.0.0.1:1',
      ISSUER: issuer,
      JWKS_URL: 'http://127.0.0.1:1/keys',
      SIGNING_KEYS_FILE: join(inject('workDirectory'), 'signing-keys.json'),
    },
    log: () => {},
  });
  const url = `http://127.0.0.1:${port}`;
  await host.until(() =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const body = { grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'x' };
  const answer = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', 'ce-specversion': '1.0' },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(status);
  expect(await json(answer)).toMatchObject(name === 'token' ? { error: 'invalid_client' } : { statusCode: status });
  // The framework would exit at once, with 143; our drain owns the signal from the first call on.
  await host.stop();
  expect(await host.exited).toBe('exit code 0');
});
