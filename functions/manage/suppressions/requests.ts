// What the routes of suppressions take: a body with recipients, a query, an address in the path.
import * as v from 'valibot';
import { Address, normalizeAddress } from '../../../lib/address.ts';
import { boundedList } from '../../../lib/bounded.ts';
import { ApiError } from '../../../lib/errors.ts';
import { exactObject } from '../../../lib/exact-object.ts';
import { checkBody, invalidBody } from '../../../lib/request-body.ts';

/** Addresses of one request, and entries of one page. */
const maxRecipients = 100;

/** `{"recipient": …}` or `{"recipients": […]}`. */
export const SuppressionRequest = exactObject({
  recipient: v.optional(Address),
  recipients: v.optional(v.pipe(boundedList(Address, maxRecipients), v.minLength(1, 'must have at least one address'))),
});

/** Throws `missing_required_field` or `validation_error` (422) naming every fault. */
export function parseSuppressionRequest(body: unknown): string[] {
  const { recipient, recipients } = checkBody(SuppressionRequest, body);
  if (recipient !== undefined && recipients !== undefined)
    throw invalidBody([{ path: 'recipient', message: 'must not be given together with recipients' }]);
  const given = recipient === undefined ? recipients : [recipient];
  if (given === undefined) throw invalidBody([{ path: 'recipient', message: 'recipient or recipients is required' }]);
  return given;
}

const limitMessage = `must be a whole number from 1 to ${maxRecipients}`;

export const SuppressionQuery = v.strictObject({
  recipient: v.optional(Address),
  after: v.optional(Address),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, limitMessage),
      v.transform(Number),
      v.minValue(1, limitMessage),
      v.maxValue(maxRecipients, limitMessage),
    ),
    '20',
  ),
});

/** Throws `invalid_parameter` (400) naming every fault. */
export function parseSuppressionQuery(query: URLSearchParams): v.InferOutput<typeof SuppressionQuery> {
  const repeated = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  const result = v.safeParse(SuppressionQuery, Object.fromEntries(query));
  if (result.success && repeated.length === 0) return result.output;
  const errors = [
    ...repeated.map((path) => ({ path, message: 'must be given once' })),
    ...(result.issues ?? []).map((issue) => ({
      path: v.getDotPath(issue) ?? '',
      message: issue.expected === 'never' ? 'is not a parameter of this request' : issue.message,
    })),
  ];
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new ApiError('invalid_parameter', `${detail}.`, { errors });
}

/** The address that a path names, percent-encoded; undefined if it is none. */
export function addressInPath(segment: string): string | undefined {
  try {
    return normalizeAddress(decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}
