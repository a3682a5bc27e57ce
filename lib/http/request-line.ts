// What must hold of a request's line and its Host before anybody looks for its route.
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/** Characters of a path: an address in it, percent-encoded, has 762 at most. */
const maxPath = 2_000;

/** Throws `malformed_request` (400), or `not_found` for a path that is longer than any of ours. */
export function checkRequestLine({ url = '/', rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>): void {
  const [path = ''] = url.split('?', 1);
  if (path.length > maxPath) throw new ApiError('not_found', `No path here has more than ${maxPath} characters.`);
  if (!isDecodable(path))
    throw new ApiError('malformed_request', 'The path has a percent sign that begins no octet of UTF-8.');
  // RFC 9112 §3.2. Node keeps the first, a proxy before us may have looked at the last.
  if (countOf(rawHeaders, 'host') > 1)
    throw new ApiError('malformed_request', 'The request has more than one Host header.');
}

function isDecodable(path: string): boolean {
  if (!path.includes('%')) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Names and values stand in turn. */
function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const given = rawHeaders[at] ?? '';
    if (given.length === name.length && given.toLowerCase() === name) count += 1;
  }
  return count;
}
