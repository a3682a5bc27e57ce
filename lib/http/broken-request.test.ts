// Half requests, on real sockets: they are answered and their connections go, though the other side never closes.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endBrokenRequests } from './broken-request.ts';

let server: Server;

beforeEach(async () => {
  server = createServer((request, response) => request.on('end', () => response.end()).resume());
  endBrokenRequests(server);
  // The bounds of these requests come soon; everything else is as in a function.
  server.headersTimeout = 1_000;
  server.requestTimeout = 2_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

/** What comes back; our half stays open. */
function send(text: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(text));
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('end', () => resolve(answer.split('\r\n', 1)[0] ?? ''));
    socket.on('error', reject);
  });
}

it.each([
  ['half a head', 'POST / HTTP/1.1\r\nHost: a.test\r\n', '408 Request Timeout'],
  ['nothing but a line end', '\r\n', '408 Request Timeout'],
  ['half a body', 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf', '408 Request Timeout'],
  [
    'half a chunk',
    'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nha',
    '408 Request Timeout',
  ],
  ['no HTTP', 'nonsense\r\n\r\n', '400 Bad Request'],
  ['a head without end', `GET / HTTP/1.1\r\nA: ${'a'.repeat(20_000)}`, '431 Request Header Fields Too Large'],
])('%s', async (_, text, expected) => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(text)));
  expect(new Set(answers)).toEqual(new Set([`HTTP/1.1 ${expected}`]));
  await expect.poll(connections).toBe(0);
});
