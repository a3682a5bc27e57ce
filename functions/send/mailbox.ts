// Mailboxes as callers write them: `a@example.com`, `Name <a@example.com>` or `{email, name}`; one each, never a list inside a string.
import * as v from 'valibot';
import { selectSchema } from '../../lib/http/select-schema.ts';
import { boundedList } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { Address, addressMessage, maxAddress, normalizeAddress } from '../../lib/mail/address.ts';
import type { Mailbox } from '../../lib/store/emails/email.ts';
import { headerText } from './header-text.ts';

const maxName = 256;

/** To, cc and bcc together, and so each of them. */
export const maxRecipients = 50;
const nameAndAddress = /^\s*(?:"([^"\\]*)"|([^"<>@,;:\\]*?))\s*<([^<>]*)>\s*$/;

const DisplayName = headerText(maxName);

function splitNameAndAddress(text: string): { email: string; name?: string } {
  const [, quoted, bare, email] = nameAndAddress.exec(text) ?? [];
  const name = (quoted ?? bare)?.trim();
  return email === undefined ? { email: text.trim() } : name ? { email, name } : { email };
}

/** The brackets and the space between, and quotes. */
const maxMailbox = maxAddress + maxName + 4;

const MailboxText = v.pipe(
  v.string(),
  v.metadata({ maxLength: maxMailbox }),
  v.rawTransform(({ dataset, addIssue, NEVER }): Mailbox => {
    const { email, name } = splitNameAndAddress(dataset.value);
    const address = normalizeAddress(email);
    const checkedName = v.safeParse(v.optional(DisplayName), name);
    if (address === undefined || dataset.value.length > maxMailbox) {
      addIssue({ message: `${addressMessage} or "Name <name@example.com>"; give several as a list` });
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
  strictObject({ email: Address, name: v.optional(v.nullable(DisplayName)) }),
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
