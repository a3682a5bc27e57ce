// Decodes text: of a part (transfer encoding and charset), and of a field (RFC 2047). Node knows the charsets; unknown ones are guessed.

import { bounds } from './bounds.ts';
import { field } from './fields.ts';
import type { Part } from './mime-parts.ts';

/** The text of a part, its first `bounds.textOctets`; of HTML, what stands between its tags. */
export function textOf(part: Part): string {
  const encoding = field(part.fields, 'content-transfer-encoding').toLowerCase();
  const octets = decoded(part.body.slice(0, bounds.textOctets), encoding);
  const charset = /\bcharset ?= ?"?([\w.:-]{1,40})/i.exec(field(part.fields, 'content-type'))?.[1];
  const text = fromCharset(octets, charset).replaceAll('\r\n', '\n');
  return part.type === 'text/html' || /^\s{0,20}<(!DOCTYPE html|html)\b/i.test(text) ? withoutTags(text) : text;
}

/** A field's text, its encoded words decoded. */
export function decodeWords(value: string): string {
  const words = /=\?([\w.:-]{1,40})(?:\*[\w-]{1,20})?\?([bq])\?([^?\s]{0,1000})\?=/gi;
  return value
    .slice(0, bounds.fieldCharacters)
    .replace(/\?= {1,5}=\?/g, '?==?')
    .replace(words, (_word, charset: string, encoding: string, text: string) =>
      fromCharset(/b/i.test(encoding) ? Buffer.from(text, 'base64') : fromQuoted(text.replaceAll('_', ' ')), charset),
    );
}

function decoded(body: string, encoding: string): Buffer {
  if (encoding.startsWith('base64')) return Buffer.from(body, 'base64');
  if (encoding.startsWith('quoted-printable')) return fromQuoted(body.replace(/=[ \t]{0,5}\n/g, ''));
  return Buffer.from(body, 'latin1');
}

function fromQuoted(text: string): Buffer {
  const octets = text.replace(/=([0-9a-f]{2})/gi, (_code, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(octets, 'latin1');
}

function fromCharset(octets: Buffer, charset: string | undefined): string {
  const plain = octets.toString('latin1');
  // Escapes of ISO-2022-JP are often declared as something else.
  if (plain.includes('\x1b$') || plain.includes('\x1b(')) return decodedAs(octets, 'iso-2022-jp') ?? plain;
  if (/^[\0-\x7f]*$/.test(plain)) return plain;
  const named = charset === undefined || /^us-ascii$/i.test(charset) ? undefined : decodedAs(octets, charset);
  return named ?? decodedAs(octets, 'utf-8', true) ?? plain;
}

function decodedAs(octets: Buffer, charset: string, fatal = false): string | undefined {
  try {
    return new TextDecoder(charset, { fatal }).decode(octets);
  } catch {
    return undefined;
  }
}

const entities: Record<string, string> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  nbsp: ' ',
  '#39': "'",
  '#64': '@',
  '#160': ' ',
};

/** Each piece is looked at once, so that a text of `<` alone costs no more. */
function withoutTags(html: string): string {
  const [before = '', ...pieces] = html.split('<');
  let text = before;
  let hidden = false;
  for (const piece of pieces) {
    const end = piece.indexOf('>');
    const tag = /^\/?[a-z0-9]{1,12}/i.exec(piece)?.[0].toLowerCase() ?? '';
    if (tag === 'style' || tag === 'script' || tag === 'title') hidden = true;
    else if (tag === '/style' || tag === '/script' || tag === '/title') hidden = false;
    if (/^\/?(p|br|div|tr|li|h\d|table|blockquote|pre)$/.test(tag)) text += '\n';
    else if (tag === 'td' || tag === '/td') text += ' ';
    if (end !== -1 && !hidden) text += piece.slice(end + 1);
  }
  return text.replace(/&(#?\w{1,6});/g, (entity, name: string) => entities[name.toLowerCase()] ?? entity);
}
