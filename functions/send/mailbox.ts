// Mailboxes as callers write them: `a@example.com`, `Name <a@example.com>` or `{email, name}`; one each, never a list inside a string.
import * as v from 'valibot';
import { selectSchema } from '../../lib/http/select-schema.ts';
import { boundedList, text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { addressMessage, maxAddress, normalizeAddress } from '../../lib/mail/address.ts';
import { splitMailbox } from '../../lib/mail/mailbox-text.ts';
import type { Mailbox } from '../../lib/store/emails/email.ts';
import { headerText } from './header-text.ts';
import { isReadOtherwise, MailAddress, readOtherwiseMessage } from './mail-address.ts';

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
const MailboxText = v.pipe(
  text(maxMailbox, mailboxMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }): Mailbox => {
    const { email, name } = splitMailbox(dataset.value);
    const address = normalizeAddress(email);
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

export const MailboxObject = v.pipe(
  strictObject({ email: MailAddress, name: v.optional(v.nullable(DisplayName)) }),
  v.transform(({ email, name }): Mailbox => (name ? { email, name } : { email })),
);

/** One mailbox, as text or as an object. */
export const MailboxSchema = selectSchema(
  (input) => (typeof input === 'string' ? MailboxText : MailboxObject) as v.GenericSchema<unknown, Mailbox>,
  v.pipe(
    v.union([MailboxText, MailboxObject]),
    v.title('Mailbox'),
    v.description('`a@example.com`, `Name <a@example.com>`, or an object; one mailbox, never a list inside a string.'),
  ),
);

const Mailboxes = boundedList(MailboxSchema, maxRecipients);
const OneMailbox = v.pipe(
  MailboxSchema,
  v.transform((mailbox) => [mailbox]),
);

/** One mailbox, or a list of them. */
export const MailboxList = selectSchema(
  (input): v.GenericSchema<unknown, Mailbox[]> => (Array.isArray(input) ? Mailboxes : OneMailbox),
  v.union([MailboxSchema, Mailboxes]),
);
