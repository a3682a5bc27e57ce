// Where a webhook may lead: public addresses over https, or what the operator allows. Guards against server-side request forgery.
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';

/** Ranges as in 10.0.0.0/8: addresses that need not be public, and may be reached over plain http. */
export type AllowedRanges = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number][];

/** Settings of the functions that take endpoints and call them. */
export const webhookTargetSettings = {
  WEBHOOK_ALLOWED_ADDRESSES: v.optional(
    v.pipe(
      v.string(),
      v.rawTransform(({ dataset, addIssue, NEVER }): AllowedRanges => {
        const ranges = dataset.value.split(/[\s,]+/).filter((range) => range !== '');
        if (ranges.every((range) => ipaddr.isValidCIDR(range))) return ranges.map((range) => ipaddr.parseCIDR(range));
        addIssue({ message: 'must be address ranges such as 10.0.0.0/8, separated by spaces' });
        return NEVER;
      }),
    ),
    '',
  ),
};

/** Addresses that look public and are not: where Azure's machines find their own services. */
const notPublic = new Set(['168.63.129.16']);

/**
 * What is wrong with an endpoint's URL, as far as it can be told without asking anybody; undefined: nothing. Odd spellings of an
 * address (decimal, octal, hexadecimal, shortened) are the same to the URL parser.
 */
export function faultOfUrl(text: string, allowed: AllowedRanges): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL such as https://example.com/hook';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'may hold no user name and no password';
  const isPlain = url.protocol === 'http:';
  if (isPlain && allowed.length === 0) return 'must begin with https://';
  const host = hostOf(url);
  // RFC 6761 §6.3: always this machine.
  const literal = /^(.*\.)?localhost\.?$/.test(host) ? '127.0.0.1' : host;
  return ipaddr.isValid(literal) ? faultOfAddress(literal, isPlain, allowed) : undefined;
}

/** What is wrong with an address that an endpoint's name stands for; undefined: nothing. Its text is not repeated: it may be nobody's business. */
export function faultOfAddress(text: string, isPlain: boolean, allowed: AllowedRanges): string | undefined {
  if (!ipaddr.isValid(text)) return 'leads to what is no IP address';
  // An IPv4 address in IPv6 clothes (::ffff:a.b.c.d) is that IPv4 address.
  const address = ipaddr.process(text);
  if (allowed.some(([range, prefix]) => address.kind() === range.kind() && address.match([range, prefix])))
    return undefined;
  if (isPlain) return 'must begin with https://';
  return isPublic(address) ? undefined : 'leads to an address that is not public';
}

/** Everything that has a special purpose is refused: private, loopback, link-local, multicast, NAT64, 6to4, documentation … */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast' || notPublic.has(address.toString())) return false;
  // Of IPv6, only 2000::/3 is given to anybody (RFC 4291 §2.4, IANA); IPv4-compatible addresses (::a.b.c.d) are outside, too.
  return !(address instanceof ipaddr.IPv6) || ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
}

/** The host as a resolver wants it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
