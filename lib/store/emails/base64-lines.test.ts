import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bytesInLines, decodedBytes, inLines } from './base64-lines.ts';

const textOf = (wire: Uint8Array | undefined) => wire && Buffer.from(wire).toString('latin1');
const broken = (base64: string) => (base64.match(/.{1,76}/g) ?? []).join('\r\n');

describe('base64', () => {
  it('is broken into lines of 76 characters, whatever its length and its place in memory', () => {
    for (let size = 0; size < 700; size += 1) {
      const base64 = randomBytes(size).toString('base64');
      const bytes = Buffer.from(`${'"'.repeat(size % 5)}${base64}`).subarray(size % 5);
      const wire = inLines(bytes);
      expect(textOf(wire)).toBe(broken(base64));
      expect(wire?.length).toBe(bytesInLines(base64.length));
      expect(decodedBytes(bytes)).toBe(size);
    }
  });

  it('is what a strict decoder takes, and nothing else: each byte anywhere', () => {
    for (const size of [1, 2, 3, 57, 114, 115, 116, 228, 300]) {
      const right = Buffer.from(randomBytes(size).toString('base64'));
      for (let at = 0; at < right.length; at += 1) {
        for (const byte of [0, 10, 32, 43, 45, 47, 61, 65, 92, 95, 122, 128, 255]) {
          const changed = Buffer.from(right);
          changed[at] = byte;
          const text = changed.toString('latin1');
          const isStrict = Buffer.from(text, 'base64').toString('base64') === text;
          expect([text, inLines(changed) !== undefined]).toEqual([text, isStrict]);
        }
      }
    }
  });

  it.each(['A', 'AA', 'AAA', '=', '==', '====', 'A===', 'AAAAA'])('is not %s', (text) => {
    expect(inLines(Buffer.from(text))).toBeUndefined();
  });
});
