// Media types of request bodies (RFC 9110 §8.3).
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './errors.ts';

/** As it is. A packed body could be a thousand times larger than what counts for its bounds. */
const identity = 'identity';

/** Among the types of a route: it takes a body that says nothing of its type, too. */
export const untyped = '';

/** Checks `Content-Type` and `Content-Encoding` against what a route takes, or throws `unsupported_media_type` (415). */
export function checkMediaType(headers: IncomingHttpHeaders, accepts: readonly string[]): void {
  const encoding = headers['content-encoding'] ?? identity;
  if (encoding.trim().toLowerCase() !== identity) {
    // It tells a client that it is the coding, not the type, and which one is taken (RFC 9110 §12.5.3, §15.5.16).
    throw new ApiError('unsupported_media_type', 'This Content-Encoding is not taken; send the body as it is.', {
      headers: { 'accept-encoding': identity },
    });
  }
  if (accepts.includes(mediaType(headers))) return;
  const named = accepts.filter((type) => type !== untyped);
  throw new ApiError('unsupported_media_type', `Content-Type must be ${named.join(' or ')}.`, {
    headers: { accept: named.join(', ') },
  });
}

/** The media type of a `Content-Type` header without its parameters, in lower case. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
