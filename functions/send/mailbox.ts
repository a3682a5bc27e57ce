// Mailboxes as callers write them: `a@example.com`, `Name <a@example.com>` or `{email, name}`; one each, never a list inside a string.
import { domainToASCII } from 'node:url';
import * as v from 'valibot';
import type { Mailbox } from '../../lib/emails/email.ts';
import { boundedList } from './bounded.ts';
import { exactObject } from './exact-object.ts';
import { headerText } from './header-text.ts';

/** RFC 5321 §4.5.3.1: octets of a local part and of a path without its angle brackets. */
const maxLocalPart = 64;
const maxAddress = 254;
const maxName = 256;

/** To, cc and bcc together, and so each of them. */
export const maxRecipients = 50;
/**
 * RFC 5322 `dot-atom`, with letters, marks and digits of every script (RFC 6531). Quoted local parts are refused: hardly anybody
 * has one, and they are how addresses are smuggled.
 */
const localPartForm =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+)*$/u;
/** At least two labels of letters, digits and inner hyphens (RFC 1035), the last one not a number. */
const domainForm = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const nameAndAddress = /^\s*(?:"([^"\\]*)"|([^"<>@,;:\\]*?))\s*<([^<>]*)>\s*$/;

/** An address with its domain in ASCII (IDNA), in lower case, and its local part in NFC; undefined if it is not one single address. */
export function normalizeAddress(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  // Fullwidth and other look-alikes of ASCII stay what they are: only NFKC would turn one of them into an @.
  const localPart = text.slice(0, Math.max(at, 0)).normalize('NFC');
  if (at < 1 || Buffer.byteLength(localPart) > maxLocalPart || !localPartForm.test(localPart)) return undefined;
  const typedDomain = text.slice(at + 1);
  // domainToASCII follows URL rules, which would let some other characters pass or vanish.
  if (/[\s/\\?#%:[\]@<>()",;\p{Cc}\p{Cf}]/u.test(typedDomain)) return undefined;
  const domain = domainToASCII(typedDomain);
  if (!domainForm.test(domain)) return undefined;
  const address = `${localPart}@${domain}`;
  return Buffer.byteLength(address) <= maxAddress ? address : undefined;
}

const addressMessage = 'must be one email address such as name@example.com';

export const Address = v.pipe(
  v.string(addressMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const address = normalizeAddress(dataset.value);
    if (address !== undefined) return address;
    addIssue({ message: addressMessage });
    return NEVER;
  }),
);

const DisplayName = headerText(maxName);

function splitNameAndAddress(text: string): { email: string; name?: string } {
  const [, quoted, bare, email] = nameAndAddress.exec(text) ?? [];
  const name = (quoted ?? bare)?.trim();
  return email === undefined ? { email: text.trim() } : name ? { email, name } : { email };
}

const MailboxText = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): Mailbox => {
    const { email, name } = splitNameAndAddress(dataset.value);
    const address = normalizeAddress(email);
    const checkedName = v.safeParse(v.optional(DisplayName), name);
    if (address === undefined || dataset.value.length > maxAddress + maxName + 4) {
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

const MailboxObject = v.pipe(
  exactObject({ email: Address, name: v.optional(v.nullable(DisplayName)) }),
  v.transform(({ email, name }): Mailbox => (name ? { email, name } : { email })),
);

/** One mailbox, as text or as an object. */
export const MailboxSchema = v.lazy((input): v.GenericSchema<unknown, Mailbox> => {
  if (typeof input === 'string') return MailboxText as v.GenericSchema<unknown, Mailbox>;
  return MailboxObject as v.GenericSchema<unknown, Mailbox>;
});

/** One mailbox, or a list of them. */
export const MailboxList = v.lazy((input): v.GenericSchema<unknown, Mailbox[]> => {
  if (Array.isArray(input)) return boundedList(MailboxSchema, maxRecipients);
  return v.pipe(
    MailboxSchema,
    v.transform((mailbox) => [mailbox]),
  );
});
