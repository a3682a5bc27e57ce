// Parses a reply of an SMTP server into code, enhanced status code and text. Pure.

/** A reply (RFC 5321 §4.2). An enhanced status code (RFC 3463) that its lines begin with is not in the text. */
export interface SmtpReply {
  code: number;
  enhanced_code: string | null;
  text: string;
}

/** Most characters read of a reply: more than we keep, and more than a mail server needs. */
export const readCharacters = 4_000;

const startCode = /^([245]\.\d{1,3}\.\d{1,3})[:;,]?(?: |$)/;
/** `(#5.1.1)`, `[5.1.1]`, `#5.1.1`, `… said: 550 5.1.1`; not four numbers, which are an address. */
const markedCode = /(?:[#([]|\b[245]\d\d[ -])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/;
const endCode = / ([245]\.\d{1,3}\.\d{1,3})\.?$/;

/** Reads a reply as it came off the wire, all its lines; undefined if it is not one. */
export function parseReply(reply: string): SmtpReply | undefined {
  const bounded = reply.slice(0, readCharacters);
  const code = /^[2-5]\d\d(?!\d)/.exec(bounded)?.[0];
  if (code === undefined) return undefined;
  const lines = bounded.split(/\r?\n/).map((line) => line.replace(/^\d{3}[ -]?/, ''));
  const atStart = lines.map((line) => startCode.exec(line)?.[1]).find((found) => found !== undefined);
  const text = storableText(lines.map((line) => line.replace(startCode, '')).join(' '));
  return { code: Number(code), enhanced_code: atStart ?? enhancedCodeIn(text, code), text };
}

/** Some servers write the enhanced code inside or after the text. A code of another class than the reply's means something else. */
export function enhancedCodeIn(text: string, code: string): string | null {
  const found = markedCode.exec(text)?.[1] ?? endCode.exec(text)?.[1];
  return found?.[0] === code[0] ? (found ?? null) : null;
}

/** A relay's text made safe to store: one line, well-formed, bounded. If a reply could not be stored, its attempt would be lost. */
export function storableText(text: string): string {
  return text
    .slice(0, readCharacters)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 1_000)
    .toWellFormed();
}
