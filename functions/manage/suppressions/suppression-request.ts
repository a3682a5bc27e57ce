// What the routes of suppressions take: a body with recipients, a query, an address in the path.
import * as v from 'valibot';
import { pageParameters } from '../../../lib/http/query.ts';
import { invalidBody } from '../../../lib/http/request-body.ts';
import { boundedList } from '../../../lib/http/size-limits.ts';
import { strictObject } from '../../../lib/http/strict-object.ts';
import { Address, normalizeAddress } from '../../../lib/mail/address.ts';

/** Addresses of one request. */
const maxRecipients = 100;

/** `{"recipient": …}` or `{"recipients": […]}`. */
export const SuppressionRequest = strictObject({
  recipient: v.optional(Address),
  recipients: v.optional(v.pipe(boundedList(Address, maxRecipients), v.minLength(1, 'must have at least one address'))),
});

/** Throws `missing_required_field` or `validation_error` (422) unless exactly one of the two is given. */
export function recipientsOf({ recipient, recipients }: v.InferOutput<typeof SuppressionRequest>): string[] {
  if (recipient !== undefined && recipients !== undefined)
    throw invalidBody([{ path: 'recipient', message: 'must not be given together with recipients' }]);
  const given = recipient === undefined ? recipients : [recipient];
  if (given === undefined) throw invalidBody([{ path: 'recipient', message: 'recipient or recipients is required' }]);
  return given;
}

export const SuppressionQuery = v.strictObject({
  ...pageParameters('suppression'),
  recipient: v.optional(Address),
  // The list is in the order of addresses.
  after: v.optional(Address),
});

/** The address in the path, percent-decoded; undefined if it is not an address. */
export function addressInPath(segment: string): string | undefined {
  try {
    return normalizeAddress(decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}
