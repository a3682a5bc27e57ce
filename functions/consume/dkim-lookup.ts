// Which key signs an email: that of its sender's domain or of the nearest domain above, read in groups and remembered for a while.
import { createPrivateKey } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { LRUCache } from 'lru-cache';
import { createBatcher } from '../../lib/process/batch.ts';
import { isDatabaseUnavailable } from '../../lib/store/database.ts';
import type { DkimKeyRow } from '../../lib/store/dkim-keys/dkim-keys.ts';
import type { DkimSigningKey } from './dkim-sign.ts';

/** Resolves with the key that signs for the address in From, or undefined where none does. Rejects when that cannot be told. */
export type FindDkimKey = (address: string) => Promise<DkimSigningKey | undefined>;

export interface LookupOptions {
  /** Reads the keys that sign for any of these domains. */
  read: (domains: string[]) => Promise<DkimKeyRow[]>;
  /** How long an answer is good, also that there is no key. */
  keepMs: number;
}

/** Sender domains remembered at once; each is a few hundred bytes, and one that is forgotten costs a query. */
const maxDomains = 10_000;
/** Domains that one query asks for, with those above them a few times as many. */
const maxAskedAtOnce = 200;

export function createKeyLookup({ read, keepMs }: LookupOptions): FindDkimKey {
  const remembered = new LRUCache<string, Promise<DkimSigningKey | undefined>>({ max: maxDomains });
  const readGrouped = createBatcher(
    async (domains: string[]) => {
      const rows = await read([...new Set(domains.flatMap(signingDomains))]);
      const byDomain = new Map(rows.map((row) => [row.domain, row]));
      return domains.map((domain) =>
        signingDomains(domain)
          .map((one) => byDomain.get(one))
          .find(Boolean),
      );
    },
    { maxItems: maxAskedAtOnce, failsAll: isDatabaseUnavailable },
  );

  return (address) => {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    const known = remembered.get(domain);
    if (known !== undefined) return known;
    // The promise itself, so that emails that come together ask once.
    const key = readGrouped(domain).then(toDkimSigningKey);
    // lru-cache takes a time of 0 for one without an end.
    if (keepMs > 0) remembered.set(domain, key, { ttl: keepMs });
    key.catch(() => remembered.delete(domain));
    return key;
  };
}

/**
 * The domain and those above it, nearest first, as they may stand in d=: a signature by a domain above is aligned with From
 * where DMARC is relaxed (RFC 7489 §3.1.1), which it is by default. No top-level domain. Empty for an address literal.
 */
export function signingDomains(domain: string): string[] {
  const labels = domainToASCII(domain).split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** A key that is of no use must not come to an unsigned email. */
function toDkimSigningKey(row: DkimKeyRow | undefined): DkimSigningKey | undefined {
  if (row === undefined) return undefined;
  const { domain, selector, private_key } = row;
  const privateKey = createPrivateKey(private_key);
  if (privateKey.asymmetricKeyType !== 'rsa') throw new Error(`DKIM key ${selector} of ${domain} is not an RSA key`);
  return { domain, selector, privateKey };
}
