// What a caller is told when a query fails.
import { isDatabaseAway, isDatabaseUnavailable } from '../store/database.ts';
import { ApiError } from './errors.ts';

/** Turns what a handler threw into what the caller may see where the database is away, or refuses for now: 503 with `Retry-After`. */
export function databaseError(error: unknown): unknown {
  if (!isDatabaseUnavailable(error)) return error;
  const what = isDatabaseAway(error) ? 'cannot be reached' : 'does not take this now';
  return new ApiError('unavailable', `The database ${what}. Try again in a moment.`, {
    headers: { 'retry-after': '1' },
    cause: error,
  });
}
