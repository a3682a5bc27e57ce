// Splits a report into its parts (RFC 2046). Bounded in octets, parts and depth; it never fails: what is broken is one text part.
// mailparser, mailsplit and postal-mime read a message to its end, and throw it away as a whole where it is over a bound of theirs.

import { bounds } from './bounds.ts';
import { type Fields, field, readFields } from './fields.ts';

/** A part that is no multipart itself. */
export interface Part {
  /** As in `text/plain`. */
  type: string;
  fields: Fields;
  /** One character an octet, not decoded, lines ending in LF. */
  body: string;
}

export interface SplitMessage {
  fields: Fields;
  /** Type of the message as a whole. */
  type: string;
  parts: readonly Part[];
}

/** Reads the beginning of a message, as much of it as `bounds.octets` allows. */
export function splitMessage(message: Buffer): SplitMessage {
  const text = message.toString('latin1', 0, bounds.octets).replaceAll('\r\n', '\n');
  const { fields, end } = readFields(text, beginning(text));
  const parts: Part[] = [];
  const type = typeOf(fields);
  addParts(parts, fields, text.slice(end), 0);
  return { fields, type, parts };
}

/** Behind empty lines and the line that a mailbox file begins a message with. */
function beginning(text: string): number {
  let start = 0;
  while (text[start] === '\n' && start < bounds.lines) start++;
  return /^>?From /.test(text.slice(start, start + 6)) ? text.indexOf('\n', start) + 1 : start;
}

function addParts(parts: Part[], fields: Fields, body: string, depth: number): void {
  const type = typeOf(fields);
  const pieces = type.startsWith('multipart/') && depth < bounds.depth ? split(body, boundaryOf(fields, body)) : [];
  if (pieces.length === 0) {
    if (parts.length < bounds.parts)
      parts.push({ type: type.startsWith('multipart/') ? 'text/plain' : type, fields, body });
    return;
  }
  for (const piece of pieces) {
    if (parts.length >= bounds.parts) return;
    const head = readFields(piece);
    addParts(parts, head.fields, piece.slice(head.end), depth + 1);
  }
}

/** What is between lines of `--boundary`, without what is before the first one. */
function split(body: string, boundary: string): string[] {
  if (boundary === '') return [];
  const delimiter = `\n--${boundary}`;
  const text = `\n${body}`;
  const pieces: string[] = [];
  let start = -1;
  for (let at = text.indexOf(delimiter); at !== -1; at = text.indexOf(delimiter, at + 1)) {
    const behind = text.slice(at + delimiter.length, at + delimiter.length + 2);
    const isEnd = behind.startsWith('--');
    // The boundary of another multipart may begin with this one.
    if (!isEnd && !/^[ \t\r\n]|^$/.test(behind)) continue;
    if (start !== -1) pieces.push(text.slice(start, at));
    start = isEnd ? -1 : lineBehind(text, at + 1);
    if (isEnd || pieces.length >= bounds.parts) return pieces;
  }
  // Cut off, or its last line is missing.
  if (start !== -1) pieces.push(text.slice(start));
  return pieces;
}

function lineBehind(text: string, position: number): number {
  const newline = text.indexOf('\n', position);
  return newline === -1 ? text.length : newline + 1;
}

function typeOf(fields: Fields): string {
  const [type = ''] = field(fields, 'content-type').split(/[;\s]/, 1);
  return type === '' ? 'text/plain' : type.toLowerCase();
}

/** The one that is declared; where that is missing, the first line that looks like one. */
function boundaryOf(fields: Fields, body: string): string {
  const parameter = /\bboundary ?= ?(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(field(fields, 'content-type'));
  const declared = parameter?.[1] ?? parameter?.[2];
  if (declared !== undefined) return declared.trimEnd();
  const line = /^--(\S{1,200})\nContent-/im.exec(body.slice(0, bounds.textOctets));
  return line?.[1] ?? '';
}
