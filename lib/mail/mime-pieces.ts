// Large messages, in pieces: nodemailer lays a message out, and what is large takes its place in it, as it is stored or a piece at a time.
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { inLines } from '../store/emails/base64-lines.ts';

/** A message, as often as it is asked for: the same bytes each time, never all of them at once. Its lines end in CRLF. */
export type MessagePieces = () => AsyncIterable<Buffer>;

/** What is large in a message. */
export interface LargePart {
  /** Stands for it while the message is laid out: so much chance that no text has it, and one line of base64. */
  placeholder: Buffer;
  /** What takes its place: base64 in lines. */
  read: () => AsyncIterable<Buffer>;
}

export function largePart(read: LargePart['read']): LargePart {
  return { placeholder: randomBytes(24), read };
}

/** How much of a large message had left decides what the loss of its connection means: it leaves as fast as the relay takes it. */
const pieceBytes = 65_536;

/** `layOut` writes the message with a placeholder for each large part, its lines ending in CRLF. */
export function piecesOf(layOut: () => Promise<Buffer>, large: readonly LargePart[]): MessagePieces {
  // Once, as its boundaries are generated.
  let laidOut: Promise<(Buffer | LargePart)[]> | undefined;
  return async function* () {
    laidOut ??= layOut().then((layout) => split(layout, large));
    for (const part of await laidOut) {
      if (Buffer.isBuffer(part)) yield* inPieces(part);
      else for await (const wire of part.read()) yield* inPieces(wire);
    }
  };
}

function split(layout: Buffer, large: readonly LargePart[]): (Buffer | LargePart)[] {
  const found = large
    .map((part) => {
      const encoded = part.placeholder.toString('base64');
      return { part, at: layout.indexOf(encoded), length: encoded.length };
    })
    .sort((one, other) => one.at - other.at);
  let from = 0;
  const parts = found.flatMap(({ part, at, length }) => {
    if (at < 0) throw new Error('a large part has no place in the message');
    const before = layout.subarray(from, at);
    from = at + length;
    return [before, part];
  });
  return [...parts, layout.subarray(from)];
}

/** Bytes of a text that are encoded at a time: whole lines. */
const encodedAtOnce = 57 * 1_024;

/** A text as base64 in lines. Others have their turn between the pieces: all of a large one would hold them up. */
export async function* encodedText(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += encodedAtOnce) {
    const wire = inLines(Buffer.from(bytes.toString('base64', at, at + encodedAtOnce))) ?? new Uint8Array();
    yield Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength);
    if (at + encodedAtOnce < bytes.length) yield endOfLine;
    await turn();
  }
}

const endOfLine = Buffer.from('\r\n');

export function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** As the SMTP client would make it afterwards: a bare CR or LF comes from a caller's text. */
export function withCrlf(message: Buffer): Buffer {
  const text = message.toString('latin1');
  return /\r(?!\n)|(?<!\r)\n/.test(text) ? Buffer.from(text.replace(/\r\n?|\n/g, '\r\n'), 'latin1') : message;
}
