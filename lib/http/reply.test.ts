import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeReply } from './reply.ts';

let server: Server;
let socket: Socket;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  socket.destroy();
  server.close();
});

/** Asks for a body of so many bytes, and reads nothing yet. */
async function asked(bytes: number): Promise<ServerResponse> {
  const answered = new Promise<ServerResponse>((resolve) => {
    server = createServer((_request, response) => {
      writeReply(response, { status: 200, body: Buffer.alloc(bytes, 'x') });
      resolve(response);
    }).listen(0, '127.0.0.1');
  });
  await once(server, 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  return answered;
}

describe('a large answer', () => {
  it('that nobody reads is cut off, though not at once', async () => {
    const response = await asked(50_000_000);
    vi.advanceTimersByTime(9_000);
    expect(response.destroyed).toBe(false);
    // More than the kernel takes, at the slowest that is waited for.
    vi.advanceTimersByTime(3_600_000);
    expect(response.destroyed).toBe(true);
  });

  it('that is read arrives whole, and is looked after no more', async () => {
    const response = await asked(5_000_000);
    const closed = once(response, 'close');
    await new Promise<void>((whole) => {
      let length = 0;
      socket.on('data', (bytes) => {
        length += bytes.length;
        if (length > 5_000_000) whole();
      });
      socket.resume();
    });
    await closed;
    vi.advanceTimersByTime(3_600_000);
    expect(socket.destroyed).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
