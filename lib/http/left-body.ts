// The body of a request as its host left it: still to be read, read already in one form or another, or lost.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { tooLarge } from './body.ts';
import { ApiError } from './errors.ts';
import { mediaType } from './media-type.ts';
import type { Hold } from './memory.ts';
import { hasBody, isOnSocket } from './request-head.ts';

/** What hosts put on a request: the bytes they read as `rawBody`, and what they made of them, or the bytes, as `body`. */
export type HostRequest = IncomingMessage & { rawBody?: unknown; body?: unknown };

/**
 * The bytes that the host has read; `unread`: they are ours to read; undefined: there is no body. The best that there is comes first:
 * bytes, then the stream, then text, and at last what was parsed of it, written again. That is not what was sent: of a key that stood
 * there twice one is left, and white space and the spelling of numbers and escapes are gone. Throws where nothing is left of a body.
 */
export function leftBody(request: HostRequest): Buffer | 'unread' | undefined {
  const raw = bytesOf(request.rawBody);
  if (raw !== undefined) return raw;
  const isStream = typeof request.on === 'function';
  // HTTP/2 says with the headers themselves whether a body follows.
  const isAnnounced = hasBody(request.headers) || Number(request.httpVersionMajor) >= 2;
  const isUnread = isStream && !request.readableDidRead && !request.readableEnded;
  if (isUnread && isOnSocket(request)) return isAnnounced ? 'unread' : undefined;
  const { body } = request;
  if (body instanceof Uint8Array) return bytesOf(body);
  if (isUnread) return isAnnounced ? 'unread' : undefined;
  // Some parsers leave an empty object where there was no body.
  if (isStream && !isAnnounced) return undefined;
  if (body !== undefined) return bytesOf(body) ?? written(body, request.headers);
  if (!hasBody(request.headers)) return undefined;
  throw new Error('The host has read the request body, and left it neither in rawBody nor in body');
}

/** What the host has read is in memory, whether or not there is room for it: others wait the longer. */
export function countLeft(left: Buffer, limit: number, hold: Hold): Buffer {
  if (left.length > limit) throw tooLarge(limit);
  hold.forBody(left.length).set(left.length);
  return left;
}

function bytesOf(left: unknown): Buffer | undefined {
  if (Buffer.isBuffer(left)) return left;
  if (left instanceof Uint8Array) return Buffer.from(left.buffer, left.byteOffset, left.byteLength);
  return typeof left === 'string' ? Buffer.from(left) : undefined;
}

function written(parsed: unknown, headers: IncomingHttpHeaders): Buffer {
  if (mediaType(headers) === 'application/x-www-form-urlencoded') return Buffer.from(form(parsed).toString());
  try {
    return Buffer.from(JSON.stringify(parsed, refuseInfinite));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('invalid_json', 'The request body is nested too deep, or is not JSON.');
  }
}

/** A number that is too large would become null, which is no value at all. */
function refuseInfinite(_key: string, value: unknown): unknown {
  if (value !== Number.POSITIVE_INFINITY && value !== Number.NEGATIVE_INFINITY) return value;
  throw new ApiError('invalid_json', 'The request body has a number that is too large.');
}

/** Deeper than any parser of forms makes an object. */
const maxDepth = 20;

/** Fields that stood there several times are lists; `a[b]=1` has become an object. */
function form(parsed: unknown): URLSearchParams {
  const fields = new URLSearchParams();
  function add(name: string, value: unknown, depth: number): void {
    if (depth > maxDepth) throw new ApiError('malformed_request', `The form has names nested deeper than ${maxDepth}.`);
    if (Array.isArray(value)) for (const each of value) add(name, each, depth + 1);
    else if (typeof value === 'object' && value !== null)
      for (const [inner, each] of Object.entries(value))
        add(name === '' ? inner : `${name}[${inner}]`, each, depth + 1);
    else fields.append(name, String(value ?? ''));
  }
  add('', parsed, 0);
  return fields;
}
