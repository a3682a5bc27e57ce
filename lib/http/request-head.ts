// What the head of a request says, before its body is read.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** All after the first question mark: another one is a part of it (RFC 3986 §3.4). */
export function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
}

/** Whoever has an IPv6 address has all of its /64. */
export function networkOf(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
}

export function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  return headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
}

export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** Where a host mounted the function, as in `/mail`: routers take that from `url`, and keep the whole as `originalUrl`. Empty: nowhere. */
export function mountOf(request: IncomingMessage & { originalUrl?: unknown }): string {
  const { originalUrl } = request;
  if (typeof originalUrl !== 'string' || !originalUrl.startsWith('/')) return '';
  const [whole = ''] = originalUrl.split('?', 1);
  const path = pathOf(request);
  if (whole.endsWith(path)) return whole.slice(0, whole.length - path.length);
  return path === '/' ? whole : '';
}

/** False where a host made the request of an event: there is no connection then, only something that looks like one. */
export function isOnSocket({ socket }: { socket?: unknown }): boolean {
  return socket instanceof Socket;
}
