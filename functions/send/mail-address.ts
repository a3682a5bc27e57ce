// Addresses that a new email may have. Look-ups and erasures use lib/mail/address.ts, which allows more: older emails may have those.
import * as v from 'valibot';
import { addressWithin } from '../../lib/mail/address.ts';

export const readOtherwiseMessage = 'must not have %, ! or =? before its @: mail systems read more than a name in them';

/** `a%b@relay` and `host!a@relay` ask old relays to pass the mail on, to another host; `=?…?=` is an encoded word (RFC 2047) that readers may decode. */
export function isReadOtherwise(address: string): boolean {
  return /[%!]|=\?/.test(address.slice(0, address.lastIndexOf('@')));
}

/** `mostLocal`: octets of the local part. */
export function mailAddress(mostLocal?: number) {
  return v.pipe(
    addressWithin(mostLocal),
    v.check((address) => !isReadOtherwise(address), readOtherwiseMessage),
  );
}

export const MailAddress = mailAddress();
