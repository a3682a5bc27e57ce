// Bounds of ids by time: ids are UUIDv7 (RFC 9562 §5.7) and begin with their millisecond, so a range of time is a range of a primary key.
import type { Query } from './database.ts';

/** The lowest id of a millisecond. */
export function firstIdAt(ms: number): string {
  const time = Math.max(ms, 0).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7000-8000-000000000000`;
}

/**
 * Above every id that is older than `ageMs`, by the clock of the database. What ended before that time was made before it, too: the
 * primary key finds it (0.1 ms where 100,000 rows have nothing to purge), without an index on `finished_at` that every row would pay for.
 */
export function idsBefore(sql: Query, ageMs: number) {
  return sql`
    (lpad(to_hex((extract(epoch from ${timeAgo(sql, ageMs)}) * 1000)::bigint), 12, '0') || repeat('f', 20))::uuid`;
}

export function timeAgo(sql: Query, ageMs: number) {
  return sql`now() - ${ageMs} * interval '1 millisecond'`;
}
