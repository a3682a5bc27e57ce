// Request bodies: what is said of one that is too large, and parsing as JSON.
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';
import { hasRepeatedKey } from './repeated-keys.ts';
import { invalidBody } from './request-body.ts';

/**
 * What nobody reads is still taken off the wire and dropped, up to so many times the limit of a body: a client that is cut off in
 * the middle of writing never reads the answer.
 */
const dropTimes = 8;

/** Throws `content_too_large` where a body says that it is longer than what is dropped even. */
export function checkLength({ headers }: IncomingMessage, limit: number): void {
  if (Number(headers['content-length'] ?? 0) > limit * dropTimes) throw tooLarge(limit);
}

/** A client that was refused may send the rest of its body for this long. */
const dropMs = 30_000;
/** All that is dropped together: reading costs, also where nothing is kept. */
const droppedBytesPerSecond = 32_000_000;
/** When what has been dropped so far will have had its time. */
let dropsUntil = 0;

/** Drops what still comes of a body that was refused, slowly where there is much of it; beyond the bounds the connection is cut. */
export function dropBody(stream: IncomingMessage, limit: number): void {
  let left = limit * dropTimes;
  if (!stream.complete) {
    const cut = setTimeout(() => stream.destroy(), dropMs);
    stream.on('close', () => clearTimeout(cut));
  }
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) stream.destroy();
    const now = performance.now();
    dropsUntil = Math.max(now, dropsUntil) + (chunk.length / droppedBytesPerSecond) * 1000;
    const waitMs = dropsUntil - now;
    if (waitMs < leastPauseMs) return;
    stream.pause();
    setTimeout(() => stream.resume(), waitMs);
  });
}

const leastPauseMs = 5;

export function tooLarge(limit: number): ApiError {
  return new ApiError('content_too_large', `The request body may have ${limit} bytes at most.`, {
    headers: { connection: 'close' },
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Deeper than any body that makes sense; what walks through a value may recurse. */
const maxDepth = 50;
/** Fields of one object, and fields and entries of all objects and lists together: whatever looks at each of them has an end. */
const maxFields = 10_000;
const maxParts = 200_000;
/** Numbers in lists of nothing else, which only count where they are bytes: more than the largest usual body can have of bytes. */
const maxNumbers = 12_000_000;

/** Parses a JSON body, or throws `invalid_json` (400), or `validation_error` (422) where it has too many parts. */
export function parseJson(body: Uint8Array): unknown {
  let text = '';
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
  } catch (error) {
    const reason = body.length === 0 ? 'it is empty' : error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new ApiError('invalid_json', `The request body is not JSON: ${reason}.`);
  }
  const seen = { parts: 0, keys: 0, numbers: 0 };
  checkShape(value, maxDepth, seen);
  if (hasRepeatedKey(text, seen.keys))
    throw new ApiError('invalid_json', 'The request body has a key twice in one object.');
  return value;
}

function checkShape(value: unknown, depth: number, seen: { parts: number; keys: number; numbers: number }): void {
  // 1e400: read, it says nothing any more, and is written as null.
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw new ApiError('invalid_json', 'The request body has a number that is too large.');
  if (typeof value !== 'object' || value === null) return;
  if (depth === 0) throw new ApiError('invalid_json', `The request body is nested deeper than ${maxDepth}.`);
  if (Array.isArray(value) && value.every((inner) => Number.isFinite(inner))) {
    seen.numbers += value.length;
    if (seen.numbers <= maxNumbers) return;
    throw invalidBody([{ path: '', message: `must have at most ${maxNumbers} numbers in lists` }]);
  }
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  seen.parts += names?.length ?? (value as unknown[]).length;
  seen.keys += names?.length ?? 0;
  if ((names?.length ?? 0) > maxFields || seen.parts > maxParts) {
    const message = `must have at most ${maxFields} fields in an object, and ${maxParts} fields and entries in all`;
    throw invalidBody([{ path: '', message }]);
  }
  if (Array.isArray(value)) {
    for (const inner of value) checkShape(inner, depth - 1, seen);
    return;
  }
  for (const name of names ?? []) checkShape((value as Record<string, unknown>)[name], depth - 1, seen);
}
