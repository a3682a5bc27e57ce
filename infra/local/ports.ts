// Loopback ports: picking free ones, telling whether one is taken, and asking a service on one whether it answers.
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Where everything local listens: never reachable from another machine. */
export const loopback = '127.0.0.1';

/** A service that accepts the connection but is silent for this long (ms) is not ready; the caller tries again. */
const silence = 1000;
/** How long a killed process may still hold its port, and how often to look (ms). */
const moment = 500;
const tick = 25;

/**
 * Where free ports are looked for: below those that systems give to connections (32768 and up on Linux, 49152 elsewhere), one of which
 * could take a port between our look and its use; and above 10080, the last of those that `fetch` refuses to call.
 */
const [lowest, highest] = [10_081, 32_000];
const mostTries = 100;

/** Finds `count` different free ports. Holds each until all are found, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const found: { port: number; server: ReturnType<typeof createServer> }[] = [];
  try {
    for (let tries = 0; found.length < count; tries++) {
      const port = randomInt(lowest, highest);
      try {
        found.push({ port, server: await listen(port, loopback) });
      } catch (error) {
        if (tries >= count + mostTries) throw error;
      }
    }
  } finally {
    await Promise.all(found.map(({ server }) => new Promise((closed) => server.close(closed))));
  }
  return found.map(({ port }) => port);
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/**
 * False when somebody listens on the port, on either loopback address: `localhost` may mean both.
 * Throws when the port cannot be opened at all (below 1024 for an ordinary user).
 */
export async function portIsFree(port: number): Promise<boolean> {
  for (const address of [loopback, '::1']) {
    try {
      const server = await listen(port, address);
      await new Promise((closed) => server.close(closed));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EADDRINUSE') return false;
      // A machine without IPv6 has no ::1 to be taken.
      if (address === loopback) throw error;
    }
  }
  return true;
}

/** Throws unless the port is free, and names the port and its purpose. A process that is ending gets a moment to release it. */
export async function assertPortIsFree(port: number, wantedBy: string): Promise<void> {
  for (const giveUp = Date.now() + moment; !(await portIsFree(port)); await pause(tick)) {
    if (Date.now() > giveUp) throw new Error(`${wantedBy} cannot start: port ${port} is taken`);
  }
}

/** Whether the service on the port sends the greeting, by itself or after our opening bytes. */
export function answers(port: number, greeting: string, opening?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: loopback, timeout: silence });
    const settle = (answered: boolean) => {
      resolve(answered);
      socket.destroy();
    };
    socket.once('connect', () => opening !== undefined && socket.write(opening, 'latin1'));
    socket.once('data', (bytes) => settle(bytes.toString('latin1').startsWith(greeting)));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false));
  });
}

function listen(port: number, host: string) {
  return new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
