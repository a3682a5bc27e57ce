import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Gateway, startGateway } from './gateway.ts';
import { freePorts, loopback } from './ports.ts';

let gateway: Gateway;
let base: string;
let port: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let send: ReturnType<typeof createServer>;

beforeEach(async () => {
  const [gatewayPort = 0, sendPort = 0, nobody = 0] = await freePorts(3);
  send = createServer((request, response) => answer(request, response)).listen(sendPort, loopback);
  await once(send, 'listening');
  gateway = await startGateway({
    port: gatewayPort,
    ports: { token: nobody, send: sendPort, history: nobody, manage: nobody, intake: nobody, console: nobody },
  });
  port = gatewayPort;
  base = `http://${loopback}:${port}`;
});
afterEach(async () => {
  await gateway.stop();
  send.closeAllConnections();
  send.close();
});

test('says where a request came from, after what the client claims', async () => {
  answer = (request, response) => response.end(JSON.stringify(request.headers));
  const response = await fetch(`${base}/send`, { method: 'POST', headers: { 'X-Forwarded-For': '192.0.2.7' } });
  expect(await response.json()).toMatchObject({
    'x-forwarded-for': '192.0.2.7, 127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': `127.0.0.1:${port}`,
  });
});

test.each([
  ['PUT', '/emails', 'POST, GET, HEAD'],
  ['OPTIONS', '/emails', 'POST, GET, HEAD'],
  ['DELETE', '/emails/0199', 'PATCH, GET, HEAD'],
  ['DELETE', '/emails/preview', 'POST, PATCH, GET, HEAD'],
])('%s %s, which several functions have, gets the methods of all of them', async (method, path, allow) => {
  const response = await fetch(base + path, { method });
  expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow });
  expect(await response.json()).toMatchObject({ status: 405, name: 'method_not_allowed', title: 'Method Not Allowed' });
});

test.each([
  ['order-7.a:b/c+d=~_', true],
  ['a b', false],
  ['a"b', false],
  ['a, b', false],
  ['', false],
  ['x'.repeat(128), true],
  ['x'.repeat(129), false],
])('has one id for a request, the gateway and the function: %j is taken: %s', async (given, isTaken) => {
  answer = (request, response) => response.end(request.headers['x-request-id']);
  const ask = (path: string) => fetch(base + path, { method: 'POST', headers: { 'X-Request-Id': given } });
  const passed = await (await ask('/send')).text();
  const own = await ask('/authorize');
  const said = own.headers.get('x-request-id');
  expect(((await own.json()) as { request_id: string }).request_id).toBe(said);
  for (const id of [passed, said]) {
    if (isTaken) expect(id).toBe(given);
    else expect(id).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('answers 503 for a function that is down', async () => {
  const response = await fetch(`${base}/authorize`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.json()).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'The function "token" is not running at the moment',
    request_id: response.headers.get('x-request-id'),
    name: 'unavailable',
    message: 'The function "token" is not running at the moment',
    statusCode: 503,
  });
});

test('answers 503 for a function that ends while it is asked', async () => {
  answer = (request) => request.socket.destroy();
  const response = await fetch(`${base}/send`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('not known') });
});

test.each(['/healthz', '/readyz', '/metrics?x=1'])('does not pass %s on', async (path) => {
  const response = await fetch(base + path);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});

test('refuses two hosts', async () => {
  answer = (_request, response) => response.end('fine');
  const socket = connect(port, loopback);
  socket.write('GET /send HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\nConnection: close\r\n\r\n');
  const text = (await socket.toArray()).join('');
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain('application/problem+json');
});

test.each(['/emails/%ff', '/emails/%', '/%zz?x=%'])('passes the path %s on as it is', async (path) => {
  answer = (request, response) => response.end(request.url);
  expect(await (await fetch(`${base}/send`)).text()).toBe('/send');
  const socket = connect(port, loopback);
  socket.write(
    `POST ${path.replace('/emails', '/send')} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  // To history, which is not running here: an answer of ours, and no page.
  expect((await socket.toArray()).join('')).toMatch(/^HTTP\/1\.1 503 .*application\/problem\+json/s);
});

test('streams a large body through, both ways', async () => {
  answer = (request, response) => request.pipe(response);
  const body = Buffer.alloc(20_000_000, 'x');
  const response = await fetch(`${base}/send`, { method: 'POST', body });
  expect((await response.arrayBuffer()).byteLength).toBe(body.length);
});

test('passes on a refusal that comes before the body is read', async () => {
  answer = (request, response) => request.pipe(response);
  send.on('checkContinue', (_request, response) => response.writeHead(413, { Connection: 'close' }).end('too large'));
  const response = await fetch(`${base}/send`, { method: 'POST', body: Buffer.alloc(12_000_000, 'x') });
  expect(response.status).toBe(413);
});

test('answers 413 when a body of unknown length is cut off', async () => {
  answer = (request) => request.once('data', () => request.socket.resetAndDestroy());
  const body = new Blob([Buffer.alloc(12_000_000, 'x')]).stream();
  const response = await fetch(`${base}/send`, { method: 'POST', body, duplex: 'half' } as RequestInit);
  expect(response.status).toBe(413);
});

test('tells a client that asks whether to send its body', async () => {
  answer = (request, response) => request.pipe(response);
  const asking = request(`${base}/send`, { method: 'POST', headers: { Expect: '100-continue' } });
  asking.flushHeaders();
  await once(asking, 'continue');
  asking.end('the body');
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  expect(String((await response.toArray())[0])).toBe('the body');
});

test('outlives a client that goes away, and one that speaks no HTTP', async () => {
  const asked = new Promise<void>((resolve) => {
    answer = (request) => {
      request.on('error', () => {});
      resolve();
    };
  });
  const leaving = request(`${base}/send`, { method: 'POST', headers: { 'Content-Length': '1000' } });
  leaving.on('error', () => {});
  leaving.write('x');
  await asked;
  leaving.destroy();

  const socket = connect(port, loopback);
  socket.write('nonsense\r\n\r\n');
  const [bytes] = await once(socket, 'data');
  expect(String(bytes)).toContain('400 Bad Request');

  answer = (_request, response) => response.end('fine');
  expect(await (await fetch(`${base}/send`)).text()).toBe('fine');
});

test('answers what is under way before it stops', async () => {
  const asked = new Promise<ServerResponse>((resolve) => {
    answer = (_request, response) => resolve(response);
  });
  const response = fetch(`${base}/send`);
  const waiting = await asked;
  const stopped = gateway.stop();
  waiting.end('at last');
  expect(await (await response).text()).toBe('at last');
  await stopped;
  await expect(fetch(`${base}/send`)).rejects.toThrow();
});
