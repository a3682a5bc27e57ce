// What a client or a key may send from: an address (`a@b.test`), a domain (`b.test`), or its subdomains (`*.b.test`).
import { normalizeAddress, normalizeDomain } from './address.ts';

/** In lower case, as the database compares them; undefined if it is none of the three. */
export function normalizeSender(text: string): string | undefined {
  if (text.includes('@')) return normalizeAddress(text)?.toLowerCase();
  const wildcard = text.startsWith('*.') ? '*.' : '';
  const domain = normalizeDomain(text.slice(wildcard.length));
  return domain && wildcard + domain;
}

/** Whether whoever may send from `allowed` may send from all that `sender` stands for. All are normal; see allowed-senders.ts for the SQL. */
export function coversSender(allowed: readonly string[], sender: string): boolean {
  const domain = sender.slice(sender.indexOf('@') + 1).replace(/^\*\./, '');
  return allowed.some(
    (entry) =>
      entry === sender ||
      (sender.includes('@') && entry === domain) ||
      (entry.startsWith('*.') && domain.endsWith(entry.slice(1))),
  );
}
