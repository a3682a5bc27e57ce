// Writes header fields: which text may be encoded (RFC 2047 §5), and where a line may be folded (RFC 5322 §2.2.3).
import type { Mailbox } from '../store/emails/email.ts';
import { encodedWords, hasEncodedWord } from './encoded-words.ts';
import { encodeStructured, isStructured, withAngles } from './structured-fields.ts';

/** RFC 5322 §2.1.1: octets of a line, without its CRLF. */
export const mostOfLine = 998;
/** RFC 2047 §2: characters of a line with encoded words. Other lines may have 78. */
const usualLine = 76;

/**
 * A field with its CRLF, folded; empty where the value is. ASCII goes as it is, quotes and all: it is only folded, at its own spaces, so
 * that unfolding gives the value back. What is not ASCII is encoded as the field allows it.
 */
export function headerField(name: string, value: string): string {
  const given = oneLine(value);
  if (given === '') return '';
  if (isStructured(name)) return folded(name, isAscii(given) ? withAngles(name, given) : encodeStructured(name, given));
  if (isJson(given)) return jsonField(name, given);
  const plain = isAscii(given) && !hasEncodedWord(given) ? folded(name, given) : undefined;
  // A word that no line can hold can still be written as several encoded words.
  return plain !== undefined && fitsLines(plain) ? plain : folded(name, encodedWords(given, roomBehind(name)));
}

/** From, To and their like; empty where there is no mailbox. */
export function addressField(name: string, mailboxes: readonly Mailbox[]): string {
  return mailboxes.length === 0 ? '' : folded(name, mailboxes.map((one) => mailbox(name, one)).join(', '));
}

/** Whether no line of a field is too long. */
export function fitsLines(field: string): boolean {
  return field.length * 3 <= mostOfLine || field.split('\r\n').every((line) => Buffer.byteLength(line) <= mostOfLine);
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function mailbox(field: string, { email, name = '' }: Mailbox): string {
  const given = oneLine(name);
  return given === '' ? email : `${phrase(field, given)} <${email}>`;
}

/** RFC 5322 §3.2.5: words, a quoted string, or encoded words. */
function phrase(field: string, text: string): string {
  if (/^\w+( \w+)*$/.test(text)) return text;
  if (isAscii(text) && !hasEncodedWord(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
  return encodedWords(text, roomBehind(field));
}

/** An object or a list, as relays take their orders in a field of their own. Its strings have escapes for what is not ASCII, and between its members there may be spaces. */
function jsonField(name: string, json: string): string {
  const ascii = json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const field = folded(name, ascii);
  if (fitsLines(field)) return field;
  return folded(
    name,
    ascii.replace(/"(?:[^"\\]|\\.)*"?|,/g, (part) => (part === ',' ? ', ' : part)),
  );
}

function isJson(text: string): boolean {
  if (!/^[[{].*[\]}]$/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Control characters have no place in a header; new emails have none. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

/** What an encoded word may have behind the name, in the first line. */
function roomBehind(name: string): number {
  return usualLine - name.length - ': '.length;
}

/** Breaks lines before spaces. The first word stays beside the name, however long it is: no line is without text. */
function folded(name: string, value: string): string {
  const whole = `${name}: ${value}`;
  if (whole.length <= usualLine) return `${whole}\r\n`;
  const lines: string[] = [];
  let line = `${name}:`;
  for (const [piece] of ` ${value}`.trimEnd().matchAll(/[ \t]+[^ \t]*/g)) {
    if (line.length + piece.length > usualLine && line.length > name.length + 1) {
      lines.push(line);
      line = '';
    }
    line += piece;
  }
  return `${[...lines, line].join('\r\n')}\r\n`;
}
