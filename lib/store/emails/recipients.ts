// SQL that finds emails by a recipient, however its address is written: `address_keys` (0016) compares without case.
import { domainToUnicode } from 'node:url';
import type { Query } from '../database.ts';

/** Whether a row of `emails` has this recipient. `address` is in its normal form. */
export function sentTo(sql: Query, address: string) {
  return sql`address_keys(recipients) && ${keysOf(sql, address)}`;
}

/** What the column `recipient` shows once `address` is erased: `placeholder` in its place, the others as they are. */
export function withoutRecipient(sql: Query, address: string, placeholder: string) {
  return sql`case when address_keys(array[recipient]) && ${keysOf(sql, address)} then ${placeholder} else recipient end`;
}

/** The keys of an address: text[]. Rows of all times are found, also those with a domain in letters of its script. */
export function keysOf(sql: Query, address: string) {
  return sql`address_keys(${spellingsOf(address)}::text[])`;
}

/** The ways in which the domain of an address may be written. */
export function spellingsOf(address: string): string[] {
  const at = address.lastIndexOf('@') + 1;
  return [...new Set([address, address.slice(0, at) + domainToUnicode(address.slice(at))])];
}
