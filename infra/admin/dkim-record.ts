// The DNS record of a DKIM key (RFC 6376 §3.6.1): its content, how it is printed, and whether the one in DNS matches.
import { createPublicKey } from 'node:crypto';
import type { DkimKeyRow } from '../../lib/store/dkim-keys/dkim-keys.ts';

/** A string of a TXT record has this many bytes at most (RFC 1035 §3.3.14); several of them are read as one (RFC 6376 §3.6.2.2). */
const maxStringBytes = 255;

export function recordName({ domain, selector }: Pick<DkimKeyRow, 'domain' | 'selector'>): string {
  return `${selector}._domainkey.${domain}`;
}

export function recordValue({ private_key }: Pick<DkimKeyRow, 'private_key'>): string {
  const publicKey = createPublicKey(private_key).export({ type: 'spki', format: 'der' });
  return `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`;
}

/** For the operator: once for the form of a DNS provider, once for a zone file. */
export function printedRecord(key: DkimKeyRow): string {
  const name = recordName(key);
  const value = recordValue(key);
  const strings = value.match(new RegExp(`.{1,${maxStringBytes}}`, 'g')) ?? [];
  return `Name:  ${name}
Type:  TXT
Value: ${value}

The same in a zone file:
${name}. IN TXT ( ${strings.map((string) => `"${string}"`).join('\n    ')} )`;
}

/** What is wrong with the TXT records at the key's name, each as one string; undefined if nothing is. */
export function recordFault(key: DkimKeyRow, found: readonly string[]): string | undefined {
  const keys = found.map(tagsOf).filter((tags) => tags.has('p'));
  const [tags, another] = keys;
  if (found.length === 0) return 'there is no TXT record';
  if (tags === undefined) return 'no TXT record there has a public key (p=)';
  if (another !== undefined) return 'there are several records with a key, of which servers take any';
  if (tags.get('p') === '') return 'the record has an empty p=: the key is revoked';
  if (tags.get('p') !== tagsOf(recordValue(key)).get('p')) return 'the record has another public key';
  if ((tags.get('v') ?? 'DKIM1') !== 'DKIM1') return 'its v= is not DKIM1';
  if ((tags.get('k') ?? 'rsa') !== 'rsa') return 'its k= is not rsa';
  if (tags.get('t')?.split(':').includes('y')) return 'it says t=y: servers treat the emails as unsigned';
  // We also sign for domains below this one. Only t=s forbids that.
  if (tags.get('t')?.split(':').includes('s')) return 'it says t=s: signatures of subdomains do not count';
  return undefined;
}

/** RFC 6376 §3.2; white space has no meaning in the tags that we read. */
function tagsOf(record: string): Map<string, string> {
  const tags = record.split(';').map((tag) => {
    const [name = '', ...value] = tag.split('=');
    return [name.trim(), value.join('=').replace(/\s+/g, '')] as const;
  });
  return new Map(tags);
}
