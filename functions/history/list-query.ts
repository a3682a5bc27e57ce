// The query parameters of GET /emails, checked all at once.
import * as v from 'valibot';
import { emailStatuses } from '../../lib/emails/email.ts';
import { ApiError } from '../../lib/errors.ts';

const maxLimit = 100;

const uuid = v.pipe(v.string(), v.uuid('must be the id of an email'));
const limitMessage = `must be a whole number from 1 to ${maxLimit}`;

const ListQuery = v.strictObject({
  status: v.optional(v.picklist(emailStatuses, `must be one of ${emailStatuses.join(', ')}`)),
  recipient: v.optional(
    v.pipe(v.string(), v.maxLength(254), v.regex(/^[^\p{Cc}]*@[^\p{Cc}]*$/u, 'must be an email address')),
  ),
  tag: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(400, 'must be name or name:value'),
      v.check((text) => !text.includes('\0') && text.isWellFormed(), 'must be name or name:value'),
      v.transform(readTag),
    ),
  ),
  since: v.optional(
    v.pipe(
      v.string(),
      v.isoTimestamp('must be a time such as 2026-01-31T12:00:00Z'),
      v.transform((text) => new Date(text)),
      v.check((date) => !Number.isNaN(date.getTime()), 'must be a time such as 2026-01-31T12:00:00Z'),
    ),
  ),
  after: v.optional(uuid),
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
});

/** `name`, whatever its value, or `name:value`. */
function readTag(text: string): { name: string; value?: string } {
  const colon = text.indexOf(':');
  return colon < 0 ? { name: text } : { name: text.slice(0, colon), value: text.slice(colon + 1) };
}

/** Throws `invalid_parameter` (400) naming every fault. */
export function parseListQuery(query: URLSearchParams): v.InferOutput<typeof ListQuery> {
  const repeated = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  const result = v.safeParse(ListQuery, Object.fromEntries(query));
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
