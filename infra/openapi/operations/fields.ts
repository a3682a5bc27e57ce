// Fields that answers of several operations have, each with what it is.
import * as v from 'valibot';
import { emailStatuses } from '../../../lib/store/emails/email.ts';
import { exampleId } from '../operation.ts';

export function described<Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.pipe(schema, v.description(description));
}

export const isoTime = v.pipe(v.string(), v.isoTimestamp());
export const time = (description: string) => described(isoTime, description);
export const timeOrNull = (description: string) => described(v.nullable(isoTime), description);
export const text = (description: string) => described(v.string(), description);
export const textOrNull = (description: string) => described(v.nullable(v.string()), description);
export const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));

export const id = v.pipe(v.string(), v.uuid(), v.description('Id of the email.'));
export const kind = <const Name extends string>(name: Name) => described(v.literal(name), 'What this is.');
export const Status = v.pipe(
  v.picklist(emailStatuses),
  v.title('EmailStatus'),
  v.description(
    'On the way: `scheduled`, `queued`, `sending`, `deferred`. At the end: `sent` (a relay took it), `delivered`, `bounced` (refused for good), `complained`, ' +
      '`failed` (given up), `unknown` (a relay may have taken it), `canceled`, `expired`, `suppressed`.',
  ),
);
export const more = described(v.boolean(), 'Whether there are more.');

/** What a query says of a page. */
export const pageDescriptions = {
  after: 'Only those that follow this one: the `next_after` of the page before.',
  before: 'In place of `after`: only those next before this one.',
  limit: 'So many at most.',
};

/** A page of a list. */
export function pageOf(item: v.GenericSchema, next: v.GenericSchema = v.pipe(v.string(), v.uuid())) {
  return v.strictObject({
    object: kind('list'),
    data: described(v.array(item), 'The entries of this page.'),
    has_more: more,
    next_after: described(v.nullable(next), 'Where the next page begins; null on the last.'),
  });
}

/** `{id}` in a path. */
export const emailIdParameter = {
  id: { description: 'Id of the email.', schema: v.pipe(v.string(), v.uuid()), example: exampleId },
};

/** The shortest email there is in examples. */
export const shortEmail = {
  from: 'Shop <shop@example.com>',
  to: 'a@example.com',
  subject: 'Your order',
  text: 'Thank you.',
};
/** One that a template writes. */
export const templatedEmail = {
  from: 'Shop <shop@example.com>',
  to: 'a@example.com',
  template: 'welcome',
  data: { first_name: 'Ada' },
};
