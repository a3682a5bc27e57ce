// One request of a connection at a time: those that are sent before the answers to earlier ones (pipelining, RFC 9112 §9.3.2) wait.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Gives the function that begins the work on a request once those before it on its connection are answered. Meanwhile nothing more
 * is read: what has come already waits here (Node reads 64 kB at once), the rest in TCP.
 *
 * Node itself begins everything that it reads, and reads on until answers are not taken: one connection had thousands under way.
 * Nor does it tell an answer that waits behind another one that their connection has gone.
 */
export function oneAtATime(): (request: IncomingMessage, response: ServerResponse, begin: () => void) => void {
  /** What waits on a connection that has a request under way. */
  const waitingOn = new WeakMap<Socket, (() => void)[]>();

  function next(socket: Socket): void {
    // Where nobody is left to read an answer, none is made.
    const begin = socket.destroyed ? undefined : waitingOn.get(socket)?.shift();
    if (begin) {
      begin();
      return;
    }
    waitingOn.delete(socket);
    socket.resume();
  }

  function stopReading(socket: Socket): void {
    if (waitingOn.get(socket)?.length) socket.pause();
  }

  return ({ socket }, response, begin) => {
    const run = () => {
      response.once('close', () => next(socket));
      begin();
    };
    const waiting = waitingOn.get(socket);
    if (waiting) {
      waiting.push(run);
      // Not now: Node reads on at the end of each request that it finds in what it has read.
      process.nextTick(stopReading, socket);
    } else {
      waitingOn.set(socket, []);
      run();
    }
  };
}
