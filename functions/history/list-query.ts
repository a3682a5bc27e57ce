// The query parameters of GET /emails.
import * as v from 'valibot';
import { pageParameters, QueryTime } from '../../lib/http/query.ts';
import { emailStatuses } from '../../lib/store/emails/email.ts';

export const ListQuery = v.strictObject({
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
  since: v.optional(QueryTime),
  ...pageParameters('email'),
});

/** `name`, whatever its value, or `name:value`. */
function readTag(text: string): { name: string; value?: string } {
  const colon = text.indexOf(':');
  return colon < 0 ? { name: text } : { name: text.slice(0, colon), value: text.slice(colon + 1) };
}
