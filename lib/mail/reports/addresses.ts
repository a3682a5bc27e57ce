// Finds addresses in texts of strangers. It takes more than we send to: reports also name what was never valid.
import { maxAddress } from '../address.ts';

const address =
  /(?:"[^"\s@<>]{1,64}"|[^\s<>()[\]"',;:@|\\]{1,200})@[a-z0-9\u0080-\uffff](?:[a-z0-9._\u0080-\uffff-]{0,250}[a-z0-9\u0080-\uffff])?/gi;

/** The addresses of a line, in order, each once. */
export function addressesIn(text: string): string[] {
  const found = text.match(address) ?? [];
  return [
    ...new Set(found.map((each) => each.replace(/^[.*=]+(?=[^?])/, '')).filter((each) => each.length <= maxAddress)),
  ];
}

/** The address of a field such as `rfc822; <a@example.com>` (RFC 3464 §2.3); undefined where it holds none. */
export function addressOf(value: string): string | undefined {
  const typed = value.replace(/^[\w-]{1,40} ?; ?/, '');
  const bracketed = /<([^<>]{1,254})>/.exec(typed)?.[1] ?? typed;
  return addressesIn(xtext(bracketed))[0] ?? addressesIn(xtext(typed))[0];
}

/** RFC 3461 §4: `+` and two digits for a character. */
export function xtext(value: string): string {
  return value.replace(/\+([0-9A-F]{2})/g, (_code, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\x21-\x7e]/.test(character) ? character : _code;
  });
}
