// Mailboxes as callers write them: `a@example.com`, `Name <a@example.com>` or `{email, name}`; one each, never a list inside a string.
import * as v from 'valibot';
import { isObject, refusing, selectSchema } from '../../lib/http/select-schema.ts';
import { boundedList, text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { addressMessage, maxAddress, normalizeAddress } from '../../lib/mail/address.ts';
import { splitMailbox } from '../../lib/mail/mailbox-text.ts';
import type { Mailbox } from '../../lib/store/emails/email.ts';
import { headerText } from './header-text.ts';
import { isReadOtherwise, MailAddress, mailAddress, readOtherwiseMessage } from './mail-address.ts';

const maxName = 256;

/** To, cc and bcc together, and so each of them. */
export const maxRecipients = 50;
/** White space around it does not survive its way. */
export const DisplayName = v.pipe(
  headerText(maxName),
  v.transform((given) => given.trim()),
);

/** The brackets and the space between, and quotes; in these, each character of the name may have a backslash. */
const maxMailbox = maxAddress + 2 * maxName + 5;

const mailboxMessage = `${addressMessage} or "Name <name@example.com>"; give several as a list`;

/** `mostLocal`: octets of the local part. */
function mailboxText(mostLocal?: number) {
  return v.pipe(
    text(maxMailbox, mailboxMessage),
    v.rawTransform(({ dataset, addIssue, NEVER }): Mailbox => {
      const { email, name } = splitMailbox(dataset.value);
      const address = normalizeAddress(email, mostLocal);
      const checkedName = v.safeParse(v.optional(DisplayName), name);
      if (address === undefined) {
        addIssue({ message: mailboxMessage });
        return NEVER;
      }
      if (isReadOtherwise(address)) {
        addIssue({ message: readOtherwiseMessage });
        return NEVER;
      }
      if (!checkedName.success) {
        addIssue({ message: `the name ${checkedName.issues[0].message}` });
        return NEVER;
      }
      return checkedName.output === undefined ? { email: address } : { email: address, name: checkedName.output };
    }),
  );
}

const mailboxObject = (Email: v.GenericSchema<unknown, string>) =>
  v.pipe(
    strictObject({ email: Email, name: v.optional(DisplayName) }),
    v.transform(({ email, name }): Mailbox => (name ? { email, name } : { email })),
  );

const MailboxText = mailboxText();
export const MailboxObject = mailboxObject(MailAddress);

const aList = refusing<Mailbox>('must be one mailbox, not a list');
const neither = refusing<Mailbox>(`${mailboxMessage}, or an object {email, name}`);

/** What the API's document says of one mailbox. */
const plain = v.pipe(
  v.union([MailboxText, MailboxObject]),
  v.title('Mailbox'),
  v.description('`a@example.com`, `Name <a@example.com>`, or an object; one mailbox, never a list inside a string.'),
);

function oneMailbox(AsText: v.GenericSchema<unknown, Mailbox>, AsObject: v.GenericSchema<unknown, Mailbox>) {
  return selectSchema((input): v.GenericSchema<unknown, Mailbox> => {
    if (typeof input === 'string') return AsText;
    if (isObject(input)) return AsObject;
    return Array.isArray(input) ? aList : neither;
  }, plain);
}

function mailboxList(One: v.GenericSchema<unknown, Mailbox>) {
  const Several = boundedList(One, maxRecipients);
  const Single = v.pipe(
    One,
    v.transform((mailbox) => [mailbox]),
  );
  return selectSchema(
    (input): v.GenericSchema<unknown, Mailbox[]> => (Array.isArray(input) ? Several : Single),
    v.union([One, Several]),
  );
}

/** One mailbox, as text or as an object. */
export const MailboxSchema = oneMailbox(MailboxText, MailboxObject);

/** One mailbox, or a list of them. */
export const MailboxList = mailboxList(MailboxSchema);

/** The same for answers: such an address is in no envelope, so its local part may be as long as what programs put into it. */
export const ReplyToList = mailboxList(oneMailbox(mailboxText(maxAddress), mailboxObject(mailAddress(maxAddress))));
