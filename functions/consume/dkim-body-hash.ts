// The hash of a message's body that a DKIM signature tells of (RFC 6376 §3.4.4, relaxed), piece by piece.
import { createHash } from 'node:crypto';

export interface BodyHash {
  /** The next piece of the body, each of its characters a byte. Lines end in CRLF. */
  update(piece: string): void;
  /** In base64. */
  digest(): string;
}

export function createBodyHash(): BodyHash {
  const hash = createHash('sha256');
  /** A line that has not ended yet. */
  let begun = '';
  /** Ends of lines that count only if something follows. */
  let ends = 0;
  let isEmpty = true;

  function add(lines: string): void {
    let end = lines.length;
    while (end >= 2 && lines.startsWith('\r\n', end - 2)) end -= 2;
    if (end > 0) {
      hash.update('\r\n'.repeat(ends) + lines.slice(0, end), 'latin1');
      ends = 0;
      isEmpty = false;
    }
    ends += (lines.length - end) / 2;
  }

  return {
    update(piece) {
      const text = begun + piece;
      const whole = text.lastIndexOf('\r\n') + 2;
      begun = whole < 2 ? text : text.slice(whole);
      if (whole >= 2) add(relaxed(text.slice(0, whole)));
    },
    digest() {
      add(relaxed(begun).replace(/ $/, ''));
      return hash.update(isEmpty ? '' : '\r\n').digest('base64');
    },
  };
}

/** Each of these goes through the text once, however long its runs are. */
function relaxed(text: string): string {
  return text.replace(/[ \t]+/g, ' ').replaceAll(' \r\n', '\r\n');
}
