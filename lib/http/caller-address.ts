// Whose request it is: the address of the caller, where proxies that we trust stand in between.
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Who may say in X-Forwarded-For whom it asks for. */
export interface TrustedProxies {
  /** Addresses of this machine and of private networks: where our own gateway is. */
  private: boolean;
  ranges: readonly Range[];
}

export const privateProxies: TrustedProxies = { private: true, ranges: [] };

/** Ranges of ipaddr.js that nobody reaches from the internet. */
const privateRanges = ['loopback', 'private', 'uniqueLocal', 'linkLocal'];

const privateWord = 'private_ranges';

export const proxySettings = {
  /** `private_ranges` (the word that Caddy has for them), ranges of addresses, or both. */
  TRUSTED_PROXIES: v.optional(
    v.pipe(
      v.string(),
      v.rawTransform(({ dataset, addIssue, NEVER }): TrustedProxies => {
        const words = dataset.value.split(/[\s,]+/).filter((word) => word !== '');
        const ranges = words.filter((word) => word !== privateWord);
        if (ranges.every((range) => ipaddr.isValidCIDR(range))) {
          return { private: words.includes(privateWord), ranges: ranges.map((range) => ipaddr.parseCIDR(range)) };
        }
        addIssue({ message: 'must be "private_ranges" or address ranges such as 203.0.113.0/24, separated by spaces' });
        return NEVER;
      }),
    ),
    privateWord,
  ),
};

/** Entries that are looked at, from the last: more proxies stand nowhere in a row. */
const mostEntries = 20;

/**
 * The address of the socket, unless that is a trusted proxy: then the last entry of X-Forwarded-For, which that proxy appended, and so
 * on while an entry is a proxy of a named range. A private entry ends the search, as a caller may have such an address, too.
 */
export function callerAddress({ headers, socket }: IncomingMessage, proxies: TrustedProxies): string {
  // A host that makes requests of events has no socket; what says their address there was told by its own proxy.
  const peer = socket?.remoteAddress ?? '';
  if (peer === '' ? !proxies.private : !isTrusted(peer, proxies)) return peer;
  const entries = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .slice(-mostEntries)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return entries.findLast((entry) => !isTrusted(entry, { ...proxies, private: false })) ?? entries[0] ?? peer;
}

function isTrusted(text: string, { private: withPrivate, ranges }: TrustedProxies): boolean {
  if (!ipaddr.isValid(text)) return false;
  // An IPv4 address in IPv6 clothes (::ffff:a.b.c.d) is that IPv4 address.
  const address = ipaddr.process(text);
  if (withPrivate && privateRanges.includes(address.range())) return true;
  return ranges.some(([range, prefix]) => address.kind() === range.kind() && address.match([range, prefix]));
}
