// The SQL condition that decides whether a client may send as an address.
import type { Fragment, Query } from '../database.ts';

/**
 * Whether `allowed` (an SQL expression: `clients.allowed_senders`; null allows any sender) covers `sender` (an SQL expression: an
 * address in normal form) by the address itself, its domain, or `*.` and a domain above it. Case does not matter.
 */
export function maySendAs(sql: Query, allowed: Fragment, sender: Fragment) {
  return sql`
    (${allowed} is null or lower(${sender}) = any(${allowed}) or split_part(lower(${sender}), '@', 2) = any(${allowed})
      or exists (select from unnest(${allowed}) entry
                 where starts_with(entry, '*.') and right(lower(${sender}), length(entry) - 1) = substr(entry, 2)))`;
}
