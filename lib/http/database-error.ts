// What a caller is told when a query fails.
import { isDatabaseAway } from '../store/database.ts';
import { ApiError } from './errors.ts';

/** Turns what a handler threw into what the caller may see where the database is away: 503 with `Retry-After`. */
export function databaseError(error: unknown): unknown {
  if (!isDatabaseAway(error)) return error;
  return new ApiError('unavailable', 'The database cannot be reached. Try again in a moment.', {
    headers: { 'retry-after': '1' },
    cause: error,
  });
}
