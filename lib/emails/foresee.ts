// What would become of an email if its client handed it in now, without taking or storing anything.
import type { Query } from '../db.ts';
import { type Allowance, readAllowances } from './allowance.ts';
import type { SuppressionReason } from './email.ts';
import { maySendAs } from './senders.ts';
import { suppressedAmong } from './suppressions.ts';

export interface Foreseen {
  /** False: it would be refused as `invalid_from_address`. */
  sender_allowed: boolean;
  /** Recipients it would not go to, as they were given. */
  suppressed: { recipient: string; reason: SuppressionReason }[];
  /** Null: the client has no such limit. */
  rate: Allowance | null;
  daily_quota: Allowance | null;
}

/** `from` and `recipients` are addresses in their normal form. */
export async function foreseeAcceptance(
  sql: Query,
  { client_id, from, recipients }: { client_id: string; from: string; recipients: string[] },
): Promise<Foreseen> {
  const [[row], allowances] = await Promise.all([
    sql<{ sender_allowed: boolean; settled: Record<string, { reason: SuppressionReason }> }[]>`
      select ${maySendAs(sql, sql`allowed_senders`, sql`${from}::text`)} as sender_allowed,
             ${suppressedAmong(sql, sql`clients.client_id`, sql`${recipients}::text[]`)} as settled
      from clients where client_id = ${client_id}`,
    readAllowances(sql, client_id),
  ]);
  return {
    sender_allowed: row?.sender_allowed ?? false,
    suppressed: Object.entries(row?.settled ?? {}).map(([recipient, { reason }]) => ({ recipient, reason })),
    rate: allowances?.rate ?? null,
    daily_quota: allowances?.daily_quota ?? null,
  };
}
