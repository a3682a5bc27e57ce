// Endpoints of one client that never answer do not keep another client's from being told.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { admin, eventually, exampleClient, getToken } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const requestsAtOnce = 80;
/** All of one client: with ten emails each, far more deliveries than may be under way. */
const silentEndpoints = 20;

let ground: WholeApi;
let server: Server;
const calls: { path: string; at: number }[] = [];

beforeAll(async () => {
  const settings = {
    LOG_LEVEL: 'warn',
    DISPATCH_INTERVAL_SECONDS: '0.1',
    WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
    // The longest there is.
    WEBHOOK_TIMEOUT_SECONDS: '20',
    WEBHOOK_REQUESTS: String(requestsAtOnce),
  };
  ground = await startWholeApi({ settings, also: ['manage', 'notify'] });
  server = createServer((request, response) => {
    calls.push({ path: request.url ?? '', at: performance.now() });
    if (request.url === '/quick') response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await ground?.stop();
});

async function endpoint(token: string, path: string): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`${ground.api.functions.manage.url}/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${port}${path}` }),
  });
  expect(response.status).toBe(201);
}

const of = (path: string) => calls.filter((call) => call.path === path);
const count = (path: string) => of(path).length;

it('the other client is told while they are waited for, which hold half of the requests at most', async () => {
  const { api, database } = ground;
  const other = { ...exampleClient, client_id: 'b' };
  admin(database.url, 'client', 'ensure', '--demo', 'b', '--secret', other.client_secret, '--scope', 'basic email');
  const token = await getToken(api.functions.token.url, other);
  for (let made = 0; made < silentEndpoints; made += 1) await endpoint(api.token, '/silent');
  await endpoint(token, '/quick');
  const email = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
  for (let sent = 0; sent < 10; sent += 1) await api.send(email);
  await eventually(async () => count('/silent') >= requestsAtOnce / 2);
  await api.send(email, { authorization: `Bearer ${token}` });
  await eventually(async () => count('/quick') >= 2);
  // Not only when all those before were given up: on a slow machine, some may be.
  expect(count('/silent')).toBeLessThanOrEqual(requestsAtOnce);
  const [first] = of('/silent');
  const atOnce = of('/silent').filter(({ at }) => at - (first?.at ?? 0) < 10_000);
  expect(atOnce.length).toBeLessThanOrEqual(requestsAtOnce / 2);
});
