// Request bodies: read within a bound, parsed as JSON.
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';
import { hasRepeatedKey } from './repeated-keys.ts';

/**
 * What nobody reads is still taken off the wire and dropped, up to so many times the limit of a body: a client that is cut off in
 * the middle of writing never reads the answer.
 */
const dropTimes = 8;

/** Throws `content_too_large` where a body says that it is longer than what is dropped even. */
export function checkLength({ headers }: IncomingMessage, limit: number): void {
  if (Number(headers['content-length'] ?? 0) > limit * dropTimes) throw tooLarge(limit);
}

/** Reads a body of at most `limit` bytes, or throws `content_too_large`. */
export function readBody(stream: IncomingMessage, limit: number): Promise<Buffer> {
  const drop = limit * dropTimes;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // Listeners, as iterating over the stream costs a promise and some more for each piece of it.
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else if (length > drop) {
        reject(tooLarge(limit));
        stream.destroy();
      }
    });
    stream.on('end', () => {
      if (length > limit) reject(tooLarge(limit));
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    // Without the code of the cause: it is the client who has gone, not the database.
    const gone = (cause?: unknown) => reject(new Error('The client went away', { cause }));
    stream.on('error', gone);
    if (stream.destroyed) gone();
  });
}

/** Drops what still comes of a body that was refused; beyond the bound the connection is cut. */
export function dropBody(stream: IncomingMessage, limit: number): void {
  let left = limit * dropTimes;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) stream.destroy();
  });
}

export function tooLarge(limit: number): ApiError {
  return new ApiError('content_too_large', `The request body may have ${limit} bytes at most.`, {
    headers: { connection: 'close' },
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Deeper than any body that makes sense; what walks through a value may recurse. */
const maxDepth = 50;

/** Parses a JSON body, or throws `invalid_json` (400). */
export function parseJson(body: Buffer): unknown {
  let text = '';
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
  } catch (error) {
    const reason = body.length === 0 ? 'it is empty' : error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new ApiError('invalid_json', `The request body is not JSON: ${reason}.`);
  }
  const keys = keysWithin(value, maxDepth);
  if (keys === undefined) throw new ApiError('invalid_json', `The request body is nested deeper than ${maxDepth}.`);
  if (hasRepeatedKey(text, keys)) throw new ApiError('invalid_json', 'The request body has a key twice in one object.');
  return value;
}

/** How many keys all objects in `value` have together; undefined where it is nested deeper than `depth`. */
function keysWithin(value: unknown, depth: number): number | undefined {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === 0) return undefined;
  const inner = Object.values(value);
  let keys = Array.isArray(value) ? 0 : inner.length;
  for (const one of inner) {
    const more = keysWithin(one, depth - 1);
    if (more === undefined) return undefined;
    keys += more;
  }
  return keys;
}
