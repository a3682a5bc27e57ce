// What is left of a client's limits, in the terms of the RateLimit header fields. The counting itself is in 0002_limits_and_suppressions.sql.
import type { Query } from '../db.ts';

/** A limit and what is left of it. */
export interface Allowance {
  /** Emails. */
  limit: number;
  /** Emails. */
  remaining: number;
  /** Seconds until it is whole again. */
  reset_s: number;
}

/** Null: the client has no such limit. */
export interface Allowances {
  /** Emails a second. */
  rate: Allowance | null;
  /** Emails a day, in UTC. */
  daily_quota: Allowance | null;
}

export type LimitName = 'rate' | 'quota';

/** As the SQL functions `allowance_now` and `take_allowances` tell it. */
export interface AllowanceRow {
  /** Emails a second; null with `capacity` and `tokens` when there is no such limit. */
  rate: number | null;
  capacity: number | null;
  tokens: number | null;
  quota: number | null;
  used_today: number;
  day_ends_in_s: number;
}

/** Columns of an `AllowanceRow`. */
export const allowanceColumns = 'rate, capacity, tokens, quota, used_today, day_ends_in_s';

export function toAllowances({ rate, capacity, tokens, quota, used_today, day_ends_in_s }: AllowanceRow): Allowances {
  return {
    rate:
      rate === null || capacity === null || tokens === null
        ? null
        : {
            limit: Math.floor(capacity),
            remaining: Math.max(Math.floor(tokens), 0),
            reset_s: Math.ceil(Math.max(capacity - tokens, 0) / rate),
          },
    daily_quota:
      quota === null
        ? null
        : { limit: quota, remaining: Math.max(quota - used_today, 0), reset_s: Math.ceil(day_ends_in_s) },
  };
}

/** Seconds until a request that was refused may be taken: whole ones, at least one. */
export function retryAfter(refused: LimitName, { rate, tokens, day_ends_in_s }: AllowanceRow): number {
  const wait = refused === 'quota' ? day_ends_in_s : (1 - (tokens ?? 1)) / (rate ?? 1);
  return Math.max(Math.ceil(wait), 1);
}

/** What is left for a client, without taking anything; undefined when it has no limits. */
export async function readAllowances(sql: Query, clientId: string): Promise<Allowances | undefined> {
  const [row] = await sql<AllowanceRow[]>`select ${sql.unsafe(allowanceColumns)} from allowance_now(${clientId})`;
  return row && toAllowances(row);
}
