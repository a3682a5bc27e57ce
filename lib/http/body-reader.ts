// Reads a request body: into one buffer, within its bound and the budget, no slower than the slowest line that is waited for.
import type { IncomingMessage } from 'node:http';
import { dropTimes, tooLarge } from './body.ts';
import type { Claim } from './byte-budget.ts';
import { ApiError } from './errors.ts';
import { slowestBytesPerSecond, slowestMs } from './slowest.ts';

export interface ReadOptions {
  /** Most bytes that the body may have. */
  limit: number;
  /** Holds what the body takes; without one nobody counts. */
  claim: Claim;
  /** Tells a client that waits for it to send its body. */
  goOn?: (() => void) | undefined;
}

/** Between two looks at how much has come, in ms. */
const lookEveryMs = 1_000;
/** What a body without a length begins with. */
const firstBytes = 16_384;

const noBytes = Buffer.alloc(0);

/**
 * Throws `content_too_large` above the limit, `request_timeout` when the body comes too slowly. A body of known length waits for its
 * part of the budget before a byte is read; one in chunks, whenever its buffer has to grow. Meanwhile TCP holds the sender back.
 */
export async function readBody(stream: IncomingMessage, { limit, claim, goOn }: ReadOptions): Promise<Buffer> {
  const length = Number(stream.headers['content-length'] ?? -1);
  // It is dropped as it comes, so that the client reads the answer.
  if (length > limit) return drop(stream, limit);
  if (length === 0) return noBytes;
  const size = length > 0 ? length : Math.min(firstBytes, limit);
  const wait = claim.resize(size);
  if (wait) await wait;
  goOn?.();
  return read(stream, { limit, claim }, size);
}

function read(stream: IncomingMessage, { limit, claim }: ReadOptions, size: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The kernel gives its pages as they are written: what has not come yet costs nothing.
    let buffer = Buffer.allocUnsafeSlow(size);
    let length = 0;
    const startedAt = performance.now();
    let pausedMs = 0;
    const look = setInterval(cutIfSlow, lookEveryMs);

    function cutIfSlow() {
      if (performance.now() - startedAt - pausedMs <= slowestMs(length)) return;
      fail(
        new ApiError(
          'request_timeout',
          `The request body comes too slowly: send ${slowestBytesPerSecond} bytes a second.`,
          {
            headers: { connection: 'close' },
          },
        ),
      );
    }
    function stop() {
      clearInterval(look);
      stream.off('data', take);
      stream.off('end', end);
    }
    function fail(error: Error) {
      stop();
      buffer = noBytes;
      reject(error);
    }
    // Each chunk is copied: kept, even one of a single byte would keep the whole buffer that it was read into.
    function take(chunk: Buffer) {
      const needed = length + chunk.length;
      if (needed > limit) {
        stop();
        buffer = noBytes;
        drop(stream, limit).catch(reject);
      } else if (needed <= buffer.length) {
        chunk.copy(buffer, length);
        length = needed;
      } else grow(chunk, needed);
    }
    function grow(chunk: Buffer, needed: number) {
      const wanted = Math.min(limit, Math.max(needed, buffer.length * 2));
      const larger = () => {
        const next = Buffer.allocUnsafeSlow(wanted);
        buffer.copy(next, 0, 0, length);
        buffer = next;
        chunk.copy(buffer, length);
        length = needed;
      };
      try {
        // For a moment there are both.
        const wait = claim.resize(wanted);
        if (wait === undefined) return larger();
        const pausedAt = performance.now();
        stream.pause();
        wait.then(() => {
          pausedMs += performance.now() - pausedAt;
          larger();
          stream.resume();
        }, fail);
      } catch (error) {
        fail(error as Error);
      }
    }
    function end() {
      stop();
      resolve(length === buffer.length ? buffer : buffer.subarray(0, length));
    }
    // Listeners, as iterating over the stream costs a promise and some more for each piece of it.
    stream.on('data', take);
    stream.on('end', end);
    // Without the code of the cause: it is the client who has gone, not the database.
    const gone = (cause?: unknown) => fail(new Error('The client went away', { cause }));
    stream.on('error', gone);
    stream.on('close', () => {
      if (!stream.complete) gone();
    });
    if (stream.destroyed) gone();
  });
}

function drop(stream: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((_, reject) => {
    let left = limit * dropTimes;
    stream.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) stream.destroy();
    });
    const refuse = () => reject(tooLarge(limit));
    stream.on('end', refuse);
    stream.on('error', refuse);
    stream.on('close', refuse);
  });
}
