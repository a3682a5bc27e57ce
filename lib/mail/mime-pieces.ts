// Messages with attachments, in pieces: nodemailer lays a message out, and the attachments' own bytes take their places in it, as they are stored.
import { randomBytes } from 'node:crypto';
import type { ReadAttachment } from '../store/emails/attachments.ts';

/** A message, as often as it is asked for: the same bytes each time, never all of them at once. Its lines end in CRLF. */
export type MessagePieces = () => AsyncIterable<Buffer>;

/** What stands for an attachment while a message is laid out: so much chance that no text has it, and one line of base64. */
export interface Placeholder {
  /** Which attachment. One may have several places. */
  position: number;
  content: Buffer;
  encoded: Buffer;
}

export function placeholder(position: number): Placeholder {
  const content = randomBytes(24);
  return { position, content, encoded: Buffer.from(content.toString('base64')) };
}

/** How much of a large message had left decides what the loss of its connection means: it leaves as fast as the relay takes it. */
const pieceBytes = 65_536;

/** `layOut` writes the message with placeholders for its attachments, its lines ending in CRLF. */
export function piecesOf(
  layOut: () => Promise<Buffer>,
  placeholders: readonly Placeholder[],
  read: ReadAttachment,
): MessagePieces {
  // Once, as its boundaries are generated.
  let laidOut: Promise<Part[]> | undefined;
  return async function* () {
    laidOut ??= layOut().then((layout) => split(layout, placeholders));
    for (const part of await laidOut) {
      if (Buffer.isBuffer(part)) yield* inPieces(part);
      else for await (const wire of read(part.position)) yield* inPieces(wire);
    }
  };
}

/** Bytes, or an attachment. */
type Part = Buffer | { position: number };

function split(layout: Buffer, placeholders: readonly Placeholder[]): Part[] {
  const found = placeholders
    .map(({ position, encoded }) => ({ position, at: layout.indexOf(encoded), length: encoded.length }))
    .sort((one, other) => one.at - other.at);
  let from = 0;
  const parts = found.flatMap(({ position, at, length }): Part[] => {
    if (at < 0) throw new Error(`attachment ${position} has no place in the message`);
    const before = layout.subarray(from, at);
    from = at + length;
    return [before, { position }];
  });
  return [...parts, layout.subarray(from)];
}

export function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** As the SMTP client would make it afterwards: a bare CR or LF comes from a caller's text. */
export function withCrlf(message: Buffer): Buffer {
  const text = message.toString('latin1');
  return /\r(?!\n)|(?<!\r)\n/.test(text) ? Buffer.from(text.replace(/\r\n?|\n/g, '\r\n'), 'latin1') : message;
}
