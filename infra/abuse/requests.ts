// How attackers ask: many at once, by sockets where a well-behaved client would not do.
import { type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ground } from './attack.ts';

/** Resolves with the status, or the code of the failure. */
export function ask(
  url: string,
  options: RequestOptions,
  body?: string | Buffer,
): Promise<{ status: number | string; text: string }> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? error.message, text: '' });
    const sent = request(url, { agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        if (text.length < 10_000) text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

export function json({ token }: Ground, further: Record<string, string> = {}) {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...further };
}

/** The same request by so many at once, each again and again. */
export async function flood(
  ground: Ground,
  parallel: number,
  one: () => { url: string; method?: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<void> {
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (;;) {
        const { url, method = 'POST', headers = json(ground), body } = one();
        const { status } = await ask(url, { method, headers }, body);
        ground.note(String(status));
        // Refused at once, or a connection that was cut: not a loop of our own.
        await pause(20);
      }
    }),
  );
}

/** So many connections, each of which writes `head` and then what `feed` writes. Whoever is cut comes again. */
export async function hold(
  ground: Ground,
  url: string,
  connections: number,
  head: string,
  feed: (socket: Socket) => void = () => {},
): Promise<never> {
  const { hostname, port } = new URL(url);
  const open = () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.on('close', () => {
      ground.note('cut');
      setTimeout(open, 500);
    });
    socket.once('data', (answer) => ground.note(answer.toString('latin1', 9, 12)));
    socket.write(head);
    feed(socket);
  };
  for (let index = 0; index < connections; index++) open();
  return new Promise<never>(() => {});
}
