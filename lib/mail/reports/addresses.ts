// Finds addresses in texts of strangers. It takes more than we send to: reports also name what was never valid.
import { maxAddress } from '../address.ts';

/** Most of them in one text, which is a line or a field. */
const mostAddresses = 50;
const ofLocalPart = /[^\s<>()[\]",;:@|\\]/;
const ofDomain = /[a-z0-9._\u0080-\uffff-]/i;

/** The addresses of a text, in order, each once. Looks from each `@` to both sides, so that its time grows with the text alone. */
export function addressesIn(text: string): string[] {
  const found = new Set<string>();
  let at = text.indexOf('@');
  for (let count = 0; at !== -1 && count < mostAddresses; count++) {
    const start = text[at - 1] === '"' ? startOfQuoted(text, at) : startOf(text, at);
    let end = at + 1;
    while (end - start < maxAddress && ofDomain.test(text[end] ?? '')) end++;
    const domain = text.slice(at + 1, end).replace(/[.-]{1,9}$/, '');
    if (start < at && /^[^.-]/.test(domain)) found.add(text.slice(start, at + 1) + domain);
    at = text.indexOf('@', at + 1);
  }
  return [...found];
}

/** Quotes and marks before an address are no part of it; `=?` begins an encoded word. */
function startOf(text: string, at: number): number {
  let start = at;
  while (at - start < maxAddress && ofLocalPart.test(text[start - 1] ?? '')) start--;
  while (start < at && /['.*=]/.test(text[start] ?? '') && text[start + 1] !== '?') start++;
  return start;
}

function startOfQuoted(text: string, at: number): number {
  const quote = text.lastIndexOf('"', at - 2);
  return quote === -1 || at - quote > maxAddress || /[\s<>]/.test(text.slice(quote, at)) ? at : quote;
}

/** The address of a field such as `rfc822; <a@example.com>` (RFC 3464 §2.3); undefined where it holds none. */
export function addressOf(value: string): string | undefined {
  const typed = value.replace(/^[\w-]{1,40} ?; ?/, '');
  const bracketed = /<([^<>]{1,254})>/.exec(typed)?.[1] ?? typed;
  return addressesIn(xtext(bracketed))[0] ?? addressesIn(xtext(typed))[0];
}

/** RFC 3461 §4: `+` and two digits for a character. */
export function xtext(value: string): string {
  return value.replace(/\+([0-9A-F]{2})/g, (code, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\x21-\x7e]/.test(character) ? character : code;
  });
}
