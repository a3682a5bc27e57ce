// Keeps the beginning of a stream and passes over the rest: a message of any size costs the memory of a small one.
import type { Readable } from 'node:stream';

export interface Bounds {
  /** Bytes that are kept. */
  keep: number;
  /** Bytes that may come in all. */
  most: number;
  /** Called once when more come; nothing is kept then, and nothing resolves. */
  onTooLarge: () => void;
}

/** Resolves at the end of the stream. Each chunk is copied: kept, a small one would keep the whole buffer that it was read into. */
export function keepBeginning(stream: Readable, { keep, most, onTooLarge }: Bounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let kept = Buffer.alloc(0);
    let length = 0;
    let total = 0;
    let isTooLarge = false;
    stream.on('data', (chunk: Buffer) => {
      total += chunk.length;
      if (isTooLarge) return;
      if (total > most) {
        isTooLarge = true;
        kept = Buffer.alloc(0);
        onTooLarge();
        return;
      }
      const part = chunk.subarray(0, keep - length);
      if (part.length === 0) return;
      if (length + part.length > kept.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(keep, Math.max(length + part.length, kept.length * 2, 16_384)));
        kept.copy(larger, 0, 0, length);
        kept = larger;
      }
      part.copy(kept, length);
      length += part.length;
    });
    stream.on('end', () => {
      if (!isTooLarge) resolve(kept.subarray(0, length));
    });
    stream.on('error', reject);
  });
}
