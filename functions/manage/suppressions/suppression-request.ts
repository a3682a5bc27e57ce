// What the routes of suppressions take: bodies with recipients, a query, an address or an id in the path.
import * as v from 'valibot';
import { pageParameters } from '../../../lib/http/query.ts';
import { invalidBody } from '../../../lib/http/request-body.ts';
import { selectSchema } from '../../../lib/http/select-schema.ts';
import { boundedList, text } from '../../../lib/http/size-limits.ts';
import { strictObject } from '../../../lib/http/strict-object.ts';
import { Address, normalizeAddress } from '../../../lib/mail/address.ts';
import type { SuppressionReason } from '../../../lib/store/emails/email.ts';
import { isSuppressionId } from '../../../lib/store/suppressions/suppressions.ts';

/** Of one request. */
const mostAtOnce = 100;

const addresses = v.optional(
  v.pipe(boundedList(Address, mostAtOnce), v.minLength(1, 'must have at least one address')),
);

/** `{"recipient": …}` or `{"recipients": […]}`, or `email` or `emails` in their place, as Resend calls them. */
export const SuppressionRequest = strictObject({
  recipient: v.optional(Address),
  recipients: addresses,
  email: v.optional(Address),
  emails: addresses,
});

/** Throws `missing_required_field` or `validation_error` (422) unless exactly one of them is given. */
export function recipientsOf(body: v.InferOutput<typeof SuppressionRequest>): string[] {
  return exactlyOne(body, 'recipient or recipients');
}

const idMessage = 'must be the id of a suppression';
const Id = v.pipe(text(36, idMessage), v.uuid(idMessage));

/** Body of `POST /suppressions/batch/add`. */
export const AddBatchRequest = strictObject({ emails: addresses });
/** Body of `POST /suppressions/batch/remove`: one of the two. */
export const RemoveBatchRequest = strictObject({
  emails: addresses,
  ids: v.optional(v.pipe(boundedList(Id, mostAtOnce), v.minLength(1, 'must have at least one id'))),
});

/** Throws `missing_required_field` or `validation_error` (422) unless exactly one field is given; `wanted` says which there are. */
export function exactlyOne(body: Readonly<Record<string, string | string[] | undefined>>, wanted: string): string[] {
  const given = Object.entries(body).filter((field): field is [string, string | string[]] => field[1] !== undefined);
  const [first, second] = given;
  if (first === undefined)
    throw invalidBody([{ path: wanted.split(' ', 1)[0] ?? '', message: `${wanted} is required` }]);
  if (second !== undefined)
    throw invalidBody([{ path: first[0], message: `must not be given together with ${second[0]}` }]);
  return [first[1]].flat();
}

/** The list is in the order of addresses; the cursors of programs that do not know that are ids. */
const Place = v.optional(
  selectSchema(
    (input): v.GenericSchema<unknown, string> => (typeof input === 'string' && isSuppressionId(input) ? Id : Address),
    Address,
  ),
);

/** What Resend calls a reason. */
export const origins = { bounce: 'hard_bounce', complaint: 'complaint', manual: 'manual' } as const satisfies Record<
  string,
  SuppressionReason
>;
type Origin = keyof typeof origins;
const originNames = Object.keys(origins) as Origin[];

export const SuppressionQuery = v.strictObject({
  ...pageParameters('suppression'),
  recipient: v.optional(Address),
  origin: v.optional(v.picklist(originNames, `must be one of ${originNames.join(', ')}`)),
  after: Place,
  before: Place,
});

export function originOf(reason: SuppressionReason): Origin {
  return originNames.find((origin) => origins[origin] === reason) ?? 'manual';
}

/** The address in the path, percent-decoded, or the id; undefined if it is neither. */
export function addressInPath(segment: string): string | undefined {
  if (isSuppressionId(segment)) return segment;
  try {
    return normalizeAddress(decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}
