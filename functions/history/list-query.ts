// The query parameters of GET /emails.
import * as v from 'valibot';
import { pageParameters, QueryTime } from '../../lib/http/query.ts';
import { text } from '../../lib/http/size-limits.ts';
import { maxAddress, normalizeAddress } from '../../lib/mail/address.ts';
import { emailStatuses } from '../../lib/store/emails/email.ts';

const recipientMessage = 'must be an email address';
const tagMessage = 'must be name or name:value';

export const ListQuery = v.strictObject({
  status: v.optional(v.picklist(emailStatuses, `must be one of ${emailStatuses.join(', ')}`)),
  recipient: v.optional(
    v.pipe(
      text(maxAddress, recipientMessage),
      v.check((given) => given.includes('@') && !/\p{Cc}/u.test(given), recipientMessage),
      // Emails of earlier releases may have what is no address any more.
      v.transform((given) => normalizeAddress(given) ?? given),
    ),
  ),
  tag: v.optional(
    v.pipe(
      text(400, tagMessage),
      v.check((given) => !given.includes('\0') && given.isWellFormed(), tagMessage),
      v.transform(readTag),
    ),
  ),
  since: v.optional(QueryTime),
  ...pageParameters('email'),
});

/** `name`, whatever its value, or `name:value`. */
function readTag(given: string): { name: string; value?: string } {
  const colon = given.indexOf(':');
  return colon < 0 ? { name: given } : { name: given.slice(0, colon), value: given.slice(colon + 1) };
}
