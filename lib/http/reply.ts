// Writes a reply to the wire.
import type { ServerResponse } from 'node:http';
import type { Reply } from './exchange.ts';

/** Writes a reply; a client that has gone meanwhile is no error. */
export function writeReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const headers: Record<string, string | number> = { ...reply.headers };
  let body: string | Buffer | undefined;
  if (typeof reply.body === 'string' || Buffer.isBuffer(reply.body)) body = reply.body;
  else if (reply.body !== undefined) {
    body = JSON.stringify(reply.body);
    headers['content-type'] ??= 'application/json';
  }
  if (body !== undefined || ![204, 304].includes(reply.status))
    headers['content-length'] = Buffer.byteLength(body ?? '');
  response.writeHead(reply.status, headers);
  response.end(body);
}
