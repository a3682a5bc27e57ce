// Writes a reply to the wire: a large one in pieces, no slower than the slowest line that is waited for.
import type { ServerResponse } from 'node:http';
import type { Reply } from './exchange.ts';
import { isOnSocket } from './request-head.ts';
import { slowestMs } from './slowest.ts';

/** Bytes that are given to a connection before more are. */
const pieceBytes = 262_144;
/** Between two looks at how much was taken, in ms. */
const lookEveryMs = 1_000;

/** Writes a reply; a client that has gone meanwhile is no error. Returns the bytes of its body. */
export function writeReply(response: ServerResponse, reply: Reply): number {
  if (response.headersSent || response.destroyed) return 0;
  const headers: Record<string, string | number> = { ...reply.headers };
  let body: string | Buffer | undefined;
  if (typeof reply.body === 'string' || Buffer.isBuffer(reply.body)) body = reply.body;
  else if (reply.body !== undefined) {
    body = JSON.stringify(reply.body);
    headers['content-type'] ??= 'application/json';
  }
  const length = Buffer.byteLength(body ?? '');
  if (body !== undefined || ![204, 304].includes(reply.status)) headers['content-length'] = length;
  response.writeHead(reply.status, headers);
  // Where there is no connection, nobody says that a piece was taken.
  if (body === undefined || length <= pieceBytes || !isOnSocket(response)) response.end(body);
  else writePieces(response, Buffer.from(body));
  return length;
}

/** Paths that a client is to follow are those of the host that mounted the function. */
export function underMount(reply: Reply, mount: string): Reply {
  const { location } = reply.headers ?? {};
  if (mount === '' || !location?.startsWith('/')) return reply;
  return { ...reply, headers: { ...reply.headers, location: mount + location } };
}

/** Whoever does not read, or reads too slowly, is cut off. */
function writePieces(response: ServerResponse, body: Buffer): void {
  const startedAt = performance.now();
  let at = 0;
  function write() {
    const taken = at;
    while (at < body.length) {
      const piece = body.subarray(at, at + pieceBytes);
      at += piece.length;
      if (!response.write(piece)) break;
    }
    if (at === body.length && taken < at) response.end();
  }
  const look = setInterval(() => {
    const taken = Math.max(0, at - (response.writableLength ?? 0));
    if (performance.now() - startedAt > slowestMs(taken)) response.destroy();
  }, lookEveryMs);
  response.on('drain', write);
  response.on('close', () => clearInterval(look));
  write();
}
