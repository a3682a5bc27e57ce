// Ids of emails: UUIDv7 (RFC 9562 §5.7), each greater than the one before, also within a millisecond.
import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** Random bytes of one id. */
const size = 16;
/** To ask the system for them costs the same for a few as for many, and more than all else of an id. */
const stock = new Uint8Array(size * 256);
let used = stock.length;

let msecs = 0;
let seq = 0;

export function newId(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  const random = stock.subarray(used, used + size);
  used += size;
  const now = Date.now();
  // A counter of 32 bits that begins in its lower half, at random (RFC 9562 §6.2, method 1). A clock set back stands still.
  if (now > msecs) {
    msecs = now;
    seq = (((random[6] ?? 0) & 0x7f) << 24) | ((random[7] ?? 0) << 16) | ((random[8] ?? 0) << 8) | (random[9] ?? 0);
  } else {
    seq += 1;
  }
  return uuidv7({ random, msecs, seq });
}
