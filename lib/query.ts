// How query parameters are checked: every fault at once, each with the name of its parameter.
import * as v from 'valibot';
import { ApiError } from './errors.ts';

const maxLimit = 100;
const limitMessage = `must be a whole number from 1 to ${maxLimit}`;

/** The parameters of every list: at most `limit` of them, those that come after the one with the id `after`. */
export function pageParameters(what: string) {
  const article = /^[aeiou]/.test(what) ? 'an' : 'a';
  return {
    after: v.optional(v.pipe(v.string(), v.uuid(`must be the id of ${article} ${what}`))),
    limit: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d{1,3}$/, limitMessage),
        v.transform(Number),
        v.minValue(1, limitMessage),
        v.maxValue(maxLimit, limitMessage),
      ),
      '20',
    ),
  };
}

/** Throws `invalid_parameter` (400) naming every fault. `schema` is of a strict object. */
export function checkQuery<const Schema extends v.GenericSchema>(
  schema: Schema,
  query: URLSearchParams,
): v.InferOutput<Schema> {
  const repeated = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  const result = v.safeParse(schema, Object.fromEntries(query));
  if (result.success && repeated.length === 0) return result.output;
  const errors = [
    ...repeated.map((path) => ({ path, message: 'must be given once' })),
    ...(result.issues ?? []).map((issue) => ({
      path: v.getDotPath(issue) ?? '',
      message: issue.expected === 'never' ? 'is not a parameter of this request' : issue.message,
    })),
  ];
  throw new ApiError('invalid_parameter', `${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}.`, {
    errors,
  });
}

/** One page of a list of which one more than `limit` was read, to tell whether there is another. */
export function pageOf<Row extends { id: string }>(rows: readonly Row[], limit: number, show: (row: Row) => unknown) {
  const page = rows.slice(0, limit);
  const hasMore = rows.length > limit;
  return {
    object: 'list',
    data: page.map(show),
    has_more: hasMore,
    next_after: hasMore ? (page.at(-1)?.id ?? null) : null,
  };
}
