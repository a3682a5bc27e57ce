// The normal form of email addresses: the form in which they are compared and stored.
import { domainToASCII } from 'node:url';
import * as v from 'valibot';
import { text as bounded } from '../http/size-limits.ts';

/** RFC 5321 §4.5.3.1: octets of a local part and of a path without its angle brackets. */
const maxLocalPart = 64;
export const maxAddress = 254;
/**
 * RFC 5322 `dot-atom`, with letters, marks and digits of every script (RFC 6531). Quoted local parts are refused: hardly anybody
 * has one, and attackers use them to smuggle addresses.
 */
const localPartForm =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+)*$/u;
/** RFC 1035: letters, digits and inner hyphens. */
const labelForm = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const maxDomain = 253;

/**
 * The address with its domain in lower-case ASCII (IDNA) and its local part in NFC; undefined if it is not exactly one address.
 * `mostLocal` is how many octets its local part may have: more than usual where it only stands in a header.
 */
export function normalizeAddress(text: string, mostLocal = maxLocalPart): string | undefined {
  if (text.length > maxAddress) return undefined;
  const at = text.lastIndexOf('@');
  // NFC keeps fullwidth and other look-alikes of ASCII as they are; NFKC would turn one of them into an @.
  const localPart = text.slice(0, Math.max(at, 0)).normalize('NFC');
  if (at < 1 || Buffer.byteLength(localPart) > mostLocal || !localPartForm.test(localPart)) return undefined;
  const domain = normalizeDomain(text.slice(at + 1));
  if (domain === undefined) return undefined;
  const address = `${localPart}@${domain}`;
  return Buffer.byteLength(address) <= maxAddress ? address : undefined;
}

/** A domain in lower-case ASCII (IDNA), without the dot of the root; undefined if mail cannot go to it. */
export function normalizeDomain(text: string): string | undefined {
  if (text.length > maxDomain) return undefined;
  // domainToASCII follows URL rules, which accept or drop some other characters.
  if (/[\s/\\?#%:[\]@<>()",;\p{Cc}\p{Cf}]/u.test(text)) return undefined;
  const domain = domainToASCII(text).replace(/\.$/, '');
  const labels = domain.split('.');
  const isName = labels.length > 1 && labels.every((label) => labelForm.test(label));
  // The last label must not be a number: that would be an IP address.
  return isName && domain.length <= maxDomain && !/^\d+$/.test(labels.at(-1) ?? '') ? domain : undefined;
}

export const addressMessage = 'must be one email address such as name@example.com';

/** `mostLocal` as of `normalizeAddress`. */
export function addressWithin(mostLocal?: number) {
  return v.pipe(
    bounded(maxAddress, addressMessage),
    v.metadata({ format: 'idn-email' }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const address = normalizeAddress(dataset.value, mostLocal);
      if (address !== undefined) return address;
      addIssue({ message: addressMessage });
      return NEVER;
    }),
  );
}

export const Address = addressWithin();
