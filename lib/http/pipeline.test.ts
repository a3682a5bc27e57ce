import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { oneAtATime } from './pipeline.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

/** A server that leaves its answers to the test; `begun` are those whose turn has come. */
async function server() {
  const begun: { path: string | undefined; response: ServerResponse; body: Buffer[] }[] = [];
  const inTurn = oneAtATime();
  const listening: Server = createServer((request, response) =>
    inTurn(request, response, () => {
      const body: Buffer[] = [];
      request.on('data', (chunk) => body.push(chunk));
      begun.push({ path: request.url, response, body });
    }),
  ).listen(0, '127.0.0.1');
  cleanups.push(() => listening.close());
  await once(listening, 'listening');
  return { begun, port: (listening.address() as AddressInfo).port };
}

async function connected(port: number): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect(port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  await once(socket, 'connect');
  return { socket, text: () => text };
}
const requests = (count: number) =>
  Array.from({ length: count }, (_, index) => `GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');

it('one request of a connection is under way, and all of them are answered in order', async () => {
  const { begun, port } = await server();
  const { socket, text } = await connected(port);
  socket.write(requests(300));
  let most = 0;
  for (let answered = 0; answered < 300; answered += 1) {
    await expect.poll(() => begun.length, { interval: 1 }).toBeGreaterThan(answered);
    most = Math.max(most, begun.length - answered);
    begun[answered]?.response.end(`<${answered}>`);
  }
  await expect.poll(() => text()).toContain('<299>');
  expect(most).toBe(1);
  expect(text().match(/<\d+>/g)).toEqual(Array.from({ length: 300 }, (_, index) => `<${index}>`));
});

it('those that wait keep their bodies, and nothing more is read meanwhile', async () => {
  const { begun, port } = await server();
  const { socket } = await connected(port);
  const large = 'x'.repeat(200_000);
  socket.write(requests(1));
  socket.write(`POST /with HTTP/1.1\r\nHost: a\r\nContent-Length: ${large.length}\r\n\r\n${large}`);
  await expect.poll(() => begun).toHaveLength(1);
  // More than the kernel keeps for both sides.
  for (let sent = 0; sent < 200; sent += 1) socket.write(large);
  await expect.poll(() => socket.writableNeedDrain).toBe(true);
  begun[0]?.response.end();
  await expect.poll(() => Buffer.concat(begun[1]?.body ?? []).length).toBe(large.length);
  expect(begun.map(({ path }) => path)).toEqual(['/0', '/with']);
});

it('of many that wait, most are not even read', async () => {
  const { begun, port } = await server();
  const { socket } = await connected(port);
  await vi.waitFor(() => {
    while (socket.write(requests(1_000)));
    expect(begun).toHaveLength(1);
  });
  const read = () => begun[0]?.response.req.socket.bytesRead ?? 0;
  for (let answered = 0; answered < 100; answered += 1) {
    expect(read()).toBeLessThan(200_000);
    while (socket.write(requests(1_000)));
    begun[answered]?.response.end();
    await expect.poll(() => begun.length, { interval: 1 }).toBeGreaterThan(answered + 1);
  }
  expect(socket.bytesWritten).toBeGreaterThan(1_000_000);
});

it('other connections do not wait for it', async () => {
  const { begun, port } = await server();
  const [greedy, other] = [await connected(port), await connected(port)];
  greedy.socket.write(requests(100));
  await expect.poll(() => begun).toHaveLength(1);
  other.socket.write(requests(1));
  await expect.poll(() => begun).toHaveLength(2);
});

it('of a connection that has gone none begins any more', async () => {
  const { begun, port } = await server();
  const { socket } = await connected(port);
  socket.write(requests(100));
  await expect.poll(() => begun).toHaveLength(1);
  socket.destroy();
  await vi.waitFor(() => {
    begun[0]?.response.write('x'.repeat(100_000));
    expect(begun[0]?.response.destroyed).toBe(true);
  });
  await new Promise(setImmediate);
  expect(begun).toHaveLength(1);
});
