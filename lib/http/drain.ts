// How a function ends: what is under way is finished first.
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long a client's kept-alive connection may stay idle once we drain. */
const idleGraceMs = 1_000;

/**
 * Takes no new connections, answers what still comes on open ones (with `Connection: close`), and ends when all are gone.
 * `http.Server.close` would cut idle connections at once, under a request that may already be on its way.
 */
export function drainServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const closeIdle = setInterval(() => server.closeIdleConnections(), idleGraceMs);
    NetServer.prototype.close.call(server, () => {
      clearInterval(closeIdle);
      resolve();
    });
  });
}

export function waitUntil(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const poll = setInterval(() => {
      if (!condition()) return;
      clearInterval(poll);
      resolve();
    }, 20);
  });
}
