// Query parameters, checked all at once; what several requests have in common.
import * as v from 'valibot';
import { ApiError } from '../../lib/errors.ts';

const timeMessage = 'must be a time such as 2026-01-31T12:00:00Z';

/** A point in time, as text. */
export const QueryTime = v.pipe(
  v.string(),
  v.isoTimestamp(timeMessage),
  v.transform((text) => new Date(text)),
  v.check((date) => !Number.isNaN(date.getTime()), timeMessage),
);

/** A whole number from 1 to `max`. */
export function upTo(max: number) {
  const message = `must be a whole number from 1 to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,3}$/, message),
    v.metadata({ type: 'integer', minimum: 1, maximum: max, pattern: undefined }),
    v.transform(Number),
    v.minValue(1, message),
    v.maxValue(max, message),
  );
}

/** Throws `invalid_parameter` (400) naming every fault. */
export function parseQuery<const Schema extends v.GenericSchema>(
  schema: Schema,
  query: URLSearchParams,
): v.InferOutput<Schema> {
  const repeated = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  const result = v.safeParse(schema, Object.fromEntries(query));
  if (result.success && repeated.length === 0) return result.output;
  throw invalidQuery([
    ...repeated.map((path) => ({ path, message: 'must be given once' })),
    ...(result.issues ?? []).map((issue) => ({
      path: v.getDotPath(issue) ?? '',
      message: issue.expected === 'never' ? 'is not a parameter of this request' : issue.message,
    })),
  ]);
}

export function invalidQuery(errors: { path: string; message: string }[]): ApiError {
  const detail = `${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}.`;
  return new ApiError('invalid_parameter', detail, { errors });
}
