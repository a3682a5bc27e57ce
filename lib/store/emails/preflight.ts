// SQL that finds what would refuse or suppress an email if its client sent it now. Stores nothing and uses up no limit.

import { maySendAs } from '../clients/allowed-senders.ts';
import { type RateLimit, readRateLimits } from '../clients/rate-limits.ts';
import type { Query } from '../database.ts';
import { suppressedAmong } from '../suppressions/suppressions.ts';
import type { SuppressionReason } from './email.ts';

export interface Preflight {
  /** False: it would be refused as `invalid_from_address`. */
  sender_allowed: boolean;
  /** Suppressed recipients, as they were given. */
  suppressed: { recipient: string; reason: SuppressionReason }[];
  /** Null: the client has no such limit. */
  rate: RateLimit | null;
  daily_quota: RateLimit | null;
}

export interface Planned {
  client_id: string;
  /** As in Acceptance. */
  allowed_senders?: readonly string[] | null;
  from: string;
  recipients: string[];
}

/** `from` and `recipients` are addresses in their normal form. */
export async function preflight(
  sql: Query,
  { client_id, allowed_senders: narrower = null, from, recipients }: Planned,
): Promise<Preflight> {
  const [[row], limits] = await Promise.all([
    sql<{ sender_allowed: boolean; settled: Record<string, { reason: SuppressionReason }> }[]>`
      select ${maySendAs(sql, sql`allowed_senders`, sql`${from}::text`)}
               and ${maySendAs(sql, sql`${narrower as string[] | null}::text[]`, sql`${from}::text`)} as sender_allowed,
             ${suppressedAmong(sql, sql`clients.client_id`, sql`${recipients}::text[]`)} as settled
      from clients where client_id = ${client_id}`,
    readRateLimits(sql, client_id),
  ]);
  return {
    sender_allowed: row?.sender_allowed ?? false,
    suppressed: Object.entries(row?.settled ?? {}).map(([recipient, { reason }]) => ({ recipient, reason })),
    rate: limits?.rate ?? null,
    daily_quota: limits?.daily_quota ?? null,
  };
}
