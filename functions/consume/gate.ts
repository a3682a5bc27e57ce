// The gate between a message and the relay: holds the message until it may be sent, and stops it when its end must not be sent.
import { Readable, Transform } from 'node:stream';
import type { AttemptResult } from './outcome.ts';
import { tooLarge } from './size.ts';

/** A message up to this size goes in one piece; a larger one goes in pieces of about this size. */
const pieceBytes = 65_536;

export const composeFailed = 'the message could not be composed';

const claimUncertain = 'the claim was lost, or could not be kept';

export interface Passing {
  /** Largest message that the relay takes. */
  mostBytes: number;
  /** Runs when the relay is ready for the message, before the first byte of it is sent; if it rejects, none is. */
  beforeData?: (() => Promise<void>) | undefined;
  /** Runs before the end of a streamed message; if it throws, the end is not sent. */
  beforeDot?: (() => void) | undefined;
  /** Runs right before a message that goes in one piece. */
  aboutToLeave: () => void;
}

/** How much of the message has left. */
export type Sent = 'nothing' | 'some' | 'all';

/** Lets the message through once `beforeData` is done; nothing reads it before the relay has answered DATA. */
export function gate(
  message: Buffer | Readable,
  { mostBytes, beforeData = async () => {}, beforeDot, aboutToLeave }: Passing,
) {
  const outgrow = (bytes: number) => {
    fault ??= tooLarge(bytes, mostBytes);
    through.destroy(new Error('the message is too large for the relay'));
  };
  const { through, open } = Buffer.isBuffer(message)
    ? gateOfWhole(message, aboutToLeave)
    : gateOfStream(message, { mostBytes, outgrow, beforeEnd: beforeDot });
  let sent: Sent = 'nothing';
  let fault: AttemptResult | undefined;
  const giveUp = (reason: string) => (error: Error) => {
    fault ??= { ended: 'abandoned', reason, error };
    through.destroy(error);
  };
  // Listen at once, on both streams: composing begins now, and the relay may be gone before it asks for the message.
  if (!Buffer.isBuffer(message)) message.on('error', giveUp(composeFailed));
  through.on('error', giveUp(claimUncertain));
  const read = through._read.bind(through);
  through._read = (size) => {
    read(size);
    if (sent !== 'nothing') return;
    sent = 'some';
    beforeData().then(open, giveUp(claimUncertain));
  };
  // Nodemailer adds the final dot at this same `end` event. A later event could be too late to note that all was sent.
  through.on('end', () => {
    sent = 'all';
  });
  return { through, progress: () => ({ sent, fault }) };
}

function gateOfWhole(message: Buffer, aboutToLeave: () => void) {
  const through = new Readable({ read() {} });
  const open = () => {
    aboutToLeave();
    through.push(message);
    through.push(null);
  };
  return { through, open };
}

function gateOfStream(message: Readable, bounds: Bounds) {
  const through = inLargePieces(bounds);
  return { through, open: () => void message.pipe(through) };
}

/** Splits a large message, so that it leaves as fast as the relay takes it: if the connection is lost, what has left decides the outcome. */
export function inPieces(message: Buffer | Readable): Buffer | Readable {
  if (!Buffer.isBuffer(message) || message.length <= pieceBytes) return message;
  const count = Math.ceil(message.length / pieceBytes);
  const piece = (_: unknown, index: number) => message.subarray(index * pieceBytes, (index + 1) * pieceBytes);
  return Readable.from(Array.from({ length: count }, piece), { objectMode: false });
}

interface Bounds {
  mostBytes: number;
  /** Called when the message grows larger than the relay takes; no further piece is sent. */
  outgrow: (bytes: number) => void;
  /** Throws where the end must not be sent. */
  beforeEnd?: (() => void) | undefined;
}

/** Joins small pieces: nodemailer composes a message from a dozen, and each would be a write and a packet of its own. */
function inLargePieces({ mostBytes, outgrow, beforeEnd = () => {} }: Bounds): Transform {
  let pieces: Buffer[] = [];
  let size = 0;
  let passed = 0;
  const taken = () => {
    const [only] = pieces;
    const whole = only && pieces.length === 1 ? only : Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
    return whole;
  };
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      size += piece.length;
      passed += piece.length;
      // The size of a stream is known only while it passes.
      if (passed > mostBytes) outgrow(passed);
      else if (size < pieceBytes) done();
      else done(null, taken());
    },
    flush(done) {
      try {
        beforeEnd();
      } catch (error) {
        done(error as Error);
        return;
      }
      if (size > 0) this.push(taken());
      done();
    },
  });
}
