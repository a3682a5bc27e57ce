// A reply of an SMTP server, read from the wire into code, enhanced status code and text. Pure.

/** A reply (RFC 5321 §4.2), its enhanced status code (RFC 3463) taken out of the text. */
export interface SmtpReply {
  code: number;
  enhanced_code: string | null;
  text: string;
}

/** Reads a reply as it came off the wire, all its lines; undefined if it is not one. */
export function parseReply(text: string): SmtpReply | undefined {
  const [, code, enhanced] = /^([2-5]\d\d)[ -]?(?:([245]\.\d{1,3}\.\d{1,3})(?: |$|\n))?/.exec(text) ?? [];
  if (code === undefined) return undefined;
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\d{3}[ -]?/, '').replace(`${enhanced} `, ''));
  return { code: Number(code), enhanced_code: enhanced ?? null, text: storableText(lines.join(' ')) };
}

/** Text from a relay as it can be stored: one line, well-formed, bounded. A reply that could not be recorded would be an attempt forgotten. */
export function storableText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 1_000)
    .toWellFormed();
}
