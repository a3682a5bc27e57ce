// Who may send as whom: the condition on a client's `allowed_senders`.
import type { Fragment, Query } from '../database.ts';

/**
 * Whether `sender` (an expression: an address in its normal form) is covered by `allowed` (an expression: `clients.allowed_senders`,
 * null for anybody): the address itself, its domain, or `*.` and a domain that its domain is below. Case does not matter.
 */
export function maySendAs(sql: Query, allowed: Fragment, sender: Fragment) {
  return sql`
    (${allowed} is null or lower(${sender}) = any(${allowed}) or split_part(lower(${sender}), '@', 2) = any(${allowed})
      or exists (select from unnest(${allowed}) entry
                 where starts_with(entry, '*.') and right(lower(${sender}), length(entry) - 1) = substr(entry, 2)))`;
}
