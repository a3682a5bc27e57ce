// Pieces of a message that go to the relay as they are: nodemailer looks at each byte in turn for what it has to change, most of what a large message costs.
import type { Readable, Transform } from 'node:stream';

const lf = 10;
const cr = 13;
const dot = 46;

/** What nodemailer keeps about a message on its way (smtp-connection/data-stream.js, 10.6.1). */
interface DataStream extends Transform {
  lastByte: number | false;
  inByteCount: number;
  outByteCount: number;
}

/** Has pieces of `message` that need no change pass through nodemailer's stream untouched; the others it changes as ever. */
export function letQuickPiecesPass(message: Readable): void {
  const pipe = message.pipe.bind(message);
  message.pipe = (destination, options) => {
    const stream = destination as unknown as DataStream;
    const change = stream._transform.bind(stream);
    stream._transform = (piece: Buffer, encoding, done) => {
      if (!needsNoChange(piece, stream.lastByte)) return change(piece, encoding, done);
      stream.inByteCount += piece.length;
      stream.outByteCount += piece.length;
      stream.lastByte = piece[piece.length - 1] ?? stream.lastByte;
      done(null, piece);
    };
    return pipe(destination, options);
  };
}

/** Whether all lines end in CRLF and none begins with a dot. `last` is the byte before; false: none. */
export function needsNoChange(piece: Buffer, last: number | false): boolean {
  const first = piece[0];
  if (first === undefined || (last === cr) !== (first === lf)) return false;
  if (first === dot && (last === lf || last === false)) return false;
  for (let at = piece.indexOf(lf); at >= 0; at = piece.indexOf(lf, at + 1))
    if ((at > 0 && piece[at - 1] !== cr) || piece[at + 1] === dot) return false;
  for (let at = piece.indexOf(cr); at >= 0; at = piece.indexOf(cr, at + 1))
    if (at + 1 < piece.length && piece[at + 1] !== lf) return false;
  return true;
}
