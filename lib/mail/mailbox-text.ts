// Mailboxes as text: `a@example.com`, `Name <a@example.com>`, `"Doe, Jane" <a@example.com>`. What is shown can be given back.
import type { Mailbox } from '../store/emails/email.ts';

/** Characters that mean something around a name (RFC 5322 §3.2.3), but for the dot. */
const special = /["<>@,;:\\()[\]]| {2}/;

/** As in a header (RFC 5322 §3.4), in the letters of its script. */
export function mailboxText({ email, name }: Mailbox): string {
  if (!name) return email;
  return `${special.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name} <${email}>`;
}

/**
 * The parts of a mailbox, neither of them checked. What is not of that form is all address, and so none. A name without quotes may have
 * brackets, but nothing that could end a mailbox: a list inside a string is not taken for one.
 */
export function splitMailbox(given: string): Mailbox {
  const whole = given.trim();
  const [, quoted, quotedEmail] = /^"((?:[^"\\]|\\.)*)"\s*<([^<>]*)>$/su.exec(whole) ?? [];
  if (quoted !== undefined && quotedEmail !== undefined) return mailbox(quotedEmail, quoted.replace(/\\(.)/gsu, '$1'));
  const [, name, email] = /^([^"<>@,;:\\]*)<([^<>]*)>$/.exec(whole) ?? [];
  return name === undefined || email === undefined ? { email: whole } : mailbox(email, name);
}

function mailbox(email: string, given: string): Mailbox {
  const name = given.trim();
  return name === '' ? { email } : { email, name };
}
