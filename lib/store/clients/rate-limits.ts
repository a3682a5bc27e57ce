// What is left of a client's limits, in the terms of the RateLimit header fields. The SQL function take_allowances (schema.sql) counts.
import type { Query } from '../database.ts';

/** A limit and what is left of it. */
export interface RateLimit {
  /** Emails. */
  limit: number;
  /** Emails. */
  remaining: number;
  /** Seconds until it is fully restored. */
  reset_s: number;
}

/** Null: the client has no such limit. */
export interface RateLimits {
  /** Emails a second. */
  rate: RateLimit | null;
  /** Seconds in which that is whole again after all of it was used; null as well. */
  rate_window_s: number | null;
  /** Emails a day, in UTC. */
  daily_quota: RateLimit | null;
}

export type LimitName = 'rate' | 'quota';

/** A row of the SQL functions `allowance_now` and `take_allowances`. */
export interface RateLimitRow {
  /** Emails a second; null with `capacity` and `tokens` when there is no such limit. */
  rate: number | null;
  capacity: number | null;
  tokens: number | null;
  quota: number | null;
  used_today: number;
  day_ends_in_s: number;
}

/** Columns of a `RateLimitRow`. */
export const rateLimitColumns = 'rate, capacity, tokens, quota, used_today, day_ends_in_s';

export function toRateLimits({ rate, capacity, tokens, quota, used_today, day_ends_in_s }: RateLimitRow): RateLimits {
  return {
    rate:
      rate === null || capacity === null || tokens === null
        ? null
        : {
            limit: Math.floor(capacity),
            remaining: Math.max(Math.floor(tokens), 0),
            reset_s: Math.ceil(Math.max(capacity - tokens, 0) / rate),
          },
    rate_window_s: rate === null || capacity === null ? null : Math.ceil(capacity / rate),
    daily_quota:
      quota === null
        ? null
        : { limit: quota, remaining: Math.max(quota - used_today, 0), reset_s: Math.ceil(day_ends_in_s) },
  };
}

/** Whole seconds until a refused request may be accepted, at least one. */
export function retryAfter(refused: LimitName, { rate, tokens, day_ends_in_s }: RateLimitRow): number {
  const wait = refused === 'quota' ? day_ends_in_s : (1 - (tokens ?? 1)) / (rate ?? 1);
  return Math.max(Math.ceil(wait), 1);
}

/** What was taken from a client's limits; `refused` names the limit that did not allow it. */
export interface Taken {
  refused: LimitName | null;
  /** Seconds until a refused request may be accepted. */
  retry_after_s: number;
  limits: RateLimits;
}

/** Takes `cost` emails from a client's limits, in the caller's transaction; undefined when it has none. */
export async function takeFromLimits(sql: Query, clientId: string, cost: number): Promise<Taken | undefined> {
  const [row] = await sql<(RateLimitRow & { refused: LimitName | null })[]>`
    select refused, ${sql.unsafe(rateLimitColumns)}
    from take_allowances(array[${clientId}::text], array[null::text], array[${cost}::integer])`;
  return (
    row && {
      refused: row.refused,
      retry_after_s: row.refused === null ? 0 : retryAfter(row.refused, row),
      limits: toRateLimits(row),
    }
  );
}

/** Reads what is left of a client's limits; undefined when it has none. */
export async function readRateLimits(sql: Query, clientId: string): Promise<RateLimits | undefined> {
  const [row] = await sql<RateLimitRow[]>`select ${sql.unsafe(rateLimitColumns)} from allowance_now(${clientId})`;
  return row && toRateLimits(row);
}
