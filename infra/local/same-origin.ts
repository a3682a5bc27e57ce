// Decides whether a request to a local page comes from that page or from a program here, and not from another page of the browser.
import type { IncomingMessage } from 'node:http';

/** Names that lead to this machine whatever a DNS server says. */
const ours = ['localhost', '127.0.0.1', '[::1]'];

export function fromOurPage({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): boolean {
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  // An attacker's name that resolves to this machine (DNS rebinding) would give his page the same origin as ours.
  if (!ours.includes(nameIn(host)) || rawHeaders.filter((name) => /^host$/i.test(name)).length > 1) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  // Another page may link to this one, but nothing more.
  return site === undefined || site === 'same-origin' || site === 'none' || mode === 'navigate';
}

function nameIn(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, '');
}
