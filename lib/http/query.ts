// How query parameters are checked: every fault at once, each with the name of its parameter.
import * as v from 'valibot';
import { ApiError, type Fault } from './errors.ts';
import { firstFault, text } from './size-limits.ts';
import { maxTime, timeOf } from './time.ts';

const maxLimit = 100;
const timeMessage = 'must be a time such as 2026-01-31T12:00:00Z';

/** A point in time, as text. */
export const QueryTime = firstFault(
  v.pipe(
    text(maxTime, timeMessage),
    v.isoTimestamp(timeMessage),
    v.check((given) => timeOf(given) !== undefined, timeMessage),
    v.transform((given) => timeOf(given) ?? new Date(Number.NaN)),
  ),
);

/** A whole number from 1 to `max`. */
function upTo(max: number) {
  const message = `must be a whole number from 1 to ${max}`;
  return v.pipe(
    text(3, message),
    v.regex(/^\d{1,3}$/, message),
    v.metadata({ type: 'integer', minimum: 1, maximum: max, pattern: undefined, maxLength: undefined }),
    v.transform(Number),
    v.minValue(1, message),
    v.maxValue(max, message),
  );
}

/** The parameters of every list: at most `limit` of them, those that come after the one with the id `after`. */
export function pageParameters(what: string) {
  const message = `must be the id of ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}`;
  return {
    after: v.optional(v.pipe(text(36, message), v.uuid(message))),
    limit: v.optional(upTo(maxLimit), '20'),
  };
}

const numberMessage = 'must be the next_after of the page before';

/** The parameters of a list whose rows are numbered; as many as a page can have, unless fewer are asked for. */
export const numberedPageParameters = {
  after: v.optional(v.pipe(text(18, numberMessage), v.regex(/^\d{1,18}$/, numberMessage))),
  limit: v.optional(upTo(maxLimit), String(maxLimit)),
};

/** Parameters of one query, those that no list knows among them: what looks for repeated ones has an end. */
const maxParameters = 20;

/** Throws `invalid_parameter` (400) naming every fault. `schema` is of a strict object. */
export function checkQuery<const Schema extends v.GenericSchema>(
  schema: Schema,
  query: URLSearchParams,
): v.InferOutput<Schema> {
  if (query.size > maxParameters)
    throw new ApiError('invalid_parameter', `The query may have ${maxParameters} parameters at most.`);
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

export function invalidQuery(errors: Fault[]): ApiError {
  const detail = `${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}.`;
  return new ApiError('invalid_parameter', detail, { errors });
}

/**
 * One page of a list of which one more than `limit` was read, to tell whether there is another. `cursorOf` gives what the next
 * page is asked for with.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  show: (row: Row) => unknown,
  cursorOf: (row: Row) => string,
) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rows.length > limit;
  return {
    object: 'list',
    data: page.map(show),
    has_more: hasMore,
    next_after: hasMore && last !== undefined ? cursorOf(last) : null,
  };
}
