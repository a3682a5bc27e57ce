// Finds the key that signs an email: of its sender's domain or the nearest domain above. Reads keys in groups and caches them.
import { createPrivateKey } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { LRUCache } from 'lru-cache';
import { createBatcher } from '../../lib/process/batch.ts';
import { isDatabaseUnavailable } from '../../lib/store/database.ts';
import type { DkimKeyRow } from '../../lib/store/dkim-keys/dkim-keys.ts';
import type { DkimSigningKey } from './dkim-sign.ts';

/** Resolves with the key that signs for the address in From, or undefined if none does. Rejects when the keys cannot be read. */
export type FindDkimKey = (address: string) => Promise<DkimSigningKey | undefined>;

export interface LookupOptions {
  /** Reads the keys that sign for any of these domains. */
  read: (domains: string[]) => Promise<DkimKeyRow[]>;
  /** How long an answer is cached, also the answer that there is no key. */
  keepMs: number;
}

/** Most sender domains cached at once. Each takes a few hundred bytes; one that drops out costs a query. */
const maxDomains = 10_000;
/** Sender domains of one query; with the domains above them, the query names a few times as many. */
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
    // Caches the promise, so that emails that come together share one query.
    const key = readGrouped(domain).then(toDkimSigningKey);
    // In lru-cache, a time of 0 means no expiry.
    if (keepMs > 0) remembered.set(domain, key, { ttl: keepMs });
    key.catch(() => remembered.delete(domain));
    return key;
  };
}

/**
 * The domains that may stand in d=: the domain and those above it, nearest first, without the top-level domain. A signature by a
 * domain above is aligned with From under relaxed DMARC (RFC 7489 §3.1.1), the default. Empty for an address literal.
 */
export function signingDomains(domain: string): string[] {
  const labels = domainToASCII(domain).split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** Throws for a key that cannot be used: the email must not go unsigned. */
function toDkimSigningKey(row: DkimKeyRow | undefined): DkimSigningKey | undefined {
  if (row === undefined) return undefined;
  const { domain, selector, private_key } = row;
  const privateKey = createPrivateKey(private_key);
  if (privateKey.asymmetricKeyType !== 'rsa') throw new Error(`DKIM key ${selector} of ${domain} is not an RSA key`);
  return { domain, selector, privateKey };
}
