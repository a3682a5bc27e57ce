import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { answers, assertPortIsFree, freePort, freePorts, portIsFree } from './ports.ts';

const servers: ReturnType<typeof createServer>[] = [];
const serve = (port: number, host: string, greeting = '') =>
  new Promise<void>((resolve) => {
    const server = createServer((socket) => socket.end(greeting));
    servers.push(server.listen(port, host, resolve));
  });

afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed)))));

test('free ports are different from each other and free', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(await Promise.all(ports.map(portIsFree))).toEqual(ports.map(() => true));
});

test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('a port somebody listens on at %s is taken', async (host) => {
  const port = await freePort();
  await serve(port, host);
  expect(await portIsFree(port)).toBe(false);
  await expect(assertPortIsFree(port, 'The cook')).rejects.toThrow(`The cook cannot start: port ${port} is taken`);
});

test('a service answers when it says what is expected, and not otherwise', async () => {
  const port = await freePort();
  expect(await answers(port, '220 ')).toBe(false);
  await serve(port, '127.0.0.1', '220 hello\r\n');
  expect(await answers(port, '220 ')).toBe(true);
  expect(await answers(port, '250 ')).toBe(false);
});
