// What must hold of a request's line and its headers, whatever the route, before anybody looks for one.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/** Characters of a path: an address in it, percent-encoded, has 762 at most. */
const maxPath = 2_000;
/** Characters of a query: an address and a tag in it, percent-encoded, have some 6,000. */
const maxQuery = 8_000;

/**
 * Headers that have one value, and that we decide by. Of two, Node keeps the first (of keys it makes one), and a proxy before us may
 * have looked at the last (RFC 9110 §5.3, RFC 9112 §3.2).
 */
const single = ['Host', 'Authorization', 'Content-Type', 'Idempotency-Key'];
const singleByLowerName = new Map(single.map((name) => [name.toLowerCase(), name]));

/** Throws `malformed_request` (400), or `not_found` for a path that is longer than any of ours. */
export function checkRequestLine({
  url = '/',
  rawHeaders = [],
  headers,
}: Pick<IncomingMessage, 'url' | 'rawHeaders'> & { headers?: IncomingHttpHeaders }): void {
  const [path = ''] = url.split('?', 1);
  if (path.length > maxPath) throw new ApiError('not_found', `No path here has more than ${maxPath} characters.`);
  if (!isDecodable(path))
    throw new ApiError('malformed_request', 'The path has a percent sign that begins no octet of UTF-8.');
  if (url.length - path.length > maxQuery)
    throw new ApiError('malformed_request', `The query may have ${maxQuery} characters at most.`);
  // Hosts that make a request of an event may give no raw headers.
  const fault = faultOfHeaders(rawHeaders.length > 0 ? rawHeaders : listed(headers ?? {}));
  if (fault !== undefined) throw new ApiError('malformed_request', `${fault}.`);
}

function listed(headers: IncomingHttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((each) => [name, String(each ?? '')]),
  );
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

/** What is wrong with headers, whose names and values stand in turn; undefined: nothing. */
export function faultOfHeaders(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const once = singleByLowerName.get(name);
    if (once !== undefined && seen.has(once)) return `The request has more than one ${once} header`;
    if (once !== undefined) seen.add(once);
    // RFC 9112 §6.1. Node takes the chunks out, and would leave the body as the other codings made it.
    if (name === 'transfer-encoding' && rawHeaders[at + 1]?.trim().toLowerCase() !== 'chunked')
      return 'The request has a Transfer-Encoding other than chunked';
  }
  return undefined;
}
