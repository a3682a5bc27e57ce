// Strict base64, checked and broken into lines in one pass: as attachments go on the wire (RFC 2045 §6.8).
import { endianness } from 'node:os';

/** RFC 2045 §6.8. */
export const lineCharacters = 76;
/** With its CRLF. */
export const lineBytes = lineCharacters + 2;

const cr = 13;
const lf = 10;
const pad = 61;
const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** What six bits each letter stands for; 255: it is none. */
const values = new Uint8Array(256).fill(255);
for (const [value, letter] of alphabet.entries()) values[letter] = value;
/** For two bytes as one number: 0 where both are letters. A pass by twos takes half as long. */
const isNoPair = new Uint8Array(65_536).fill(1);
for (const one of alphabet) for (const other of alphabet) isNoPair[one | (other << 8)] = 0;

const isLittleEndian = endianness() === 'LE';
/** Words of 32 bits in a line. Two lines with their ends are a whole number of words. */
const lineWords = lineCharacters / 4;
const crlf = cr | (lf << 8);

/** Bytes of base64 text of so many characters in lines, with CRLF between them and none after the last. */
export function bytesInLines(characters: number): number {
  return characters === 0 ? 0 : characters + (Math.ceil(characters / lineCharacters) - 1) * 2;
}

/** Bytes that `base64` stands for. */
export function decodedBytes(base64: Uint8Array): number {
  const { length } = base64;
  const padding = base64[length - 1] !== pad ? 0 : base64[length - 2] !== pad ? 1 : 2;
  return (length / 4) * 3 - padding;
}

/**
 * The same in lines, in memory of its own; undefined unless it is strict base64 (RFC 4648 §4): whole groups of four, no other
 * characters, and one spelling for the same bytes (§3.5).
 */
export function inLines(base64: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const { length } = base64;
  if (length % 4 !== 0 || !isEndRight(base64)) return undefined;
  const size = bytesInLines(length);
  const wire = new Uint8Array(new ArrayBuffer(Math.ceil(size / 4) * 4), 0, size);
  // The last pair of lines may be incomplete, and may end in padding.
  const pairs = isLittleEndian ? Math.max(0, Math.ceil(length / lineCharacters / 2) - 1) : 0;
  const isOther = copyPairs(base64, wire, pairs) | copyRest(base64, wire, pairs * 2);
  return isOther === 0 ? wire : undefined;
}

/** Whether the padding leaves no bits that say something. */
function isEndRight(base64: Uint8Array): boolean {
  const { length } = base64;
  if (base64[length - 1] !== pad) return true;
  const isTwice = base64[length - 2] === pad;
  const last = values[base64[length - (isTwice ? 3 : 2)] ?? 0] ?? 255;
  return last !== 255 && (last & (isTwice ? 0b1111 : 0b11)) === 0;
}

/** Where words are aligned: so much is copied there at a time that the processor has it at hand. */
const aligned = new Uint32Array(64 * 2 * lineWords);
const alignedBytes = new Uint8Array(aligned.buffer);

/** Two lines at a time, by words. Returns 0 where all are letters. */
function copyPairs(base64: Uint8Array, wire: Uint8Array, pairs: number): number {
  const characters = pairs * 2 * lineCharacters;
  const to = new Uint32Array(wire.buffer);
  let isOther = 0;
  let put = 0;
  for (let from = 0; from < characters; from += alignedBytes.length) {
    const part = base64.subarray(from, Math.min(from + alignedBytes.length, characters));
    alignedBytes.set(part);
    let at = 0;
    for (const last = part.length / 4; at < last; ) {
      for (const end = at + lineWords; at < end; at += 1) {
        const word = aligned[at] as number;
        isOther |= (isNoPair[word & 0xffff] as number) | (isNoPair[word >>> 16] as number);
        to[put++] = word;
      }
      let half = crlf;
      for (const end = at + lineWords; at < end; at += 1) {
        const word = aligned[at] as number;
        isOther |= (isNoPair[word & 0xffff] as number) | (isNoPair[word >>> 16] as number);
        to[put++] = half | (word << 16);
        half = word >>> 16;
      }
      to[put++] = half | (crlf << 16);
    }
  }
  return isOther;
}

/** From the line of this number on, letter by letter. */
function copyRest(base64: Uint8Array, wire: Uint8Array, line: number): number {
  const { length } = base64;
  const letters = length - (base64[length - 1] !== pad ? 0 : base64[length - 2] !== pad ? 1 : 2);
  let isOther = 0;
  let put = line * lineBytes;
  for (let at = line * lineCharacters; at < length; at += 1) {
    if (at > line * lineCharacters && at % lineCharacters === 0) {
      wire[put++] = cr;
      wire[put++] = lf;
    }
    const letter = base64[at] as number;
    if (at < letters) isOther |= (values[letter] as number) >> 7;
    wire[put++] = letter;
  }
  return isOther;
}
