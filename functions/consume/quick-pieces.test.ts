// What passes untouched is what nodemailer would have left as it is, however it is cut into pieces.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import DataStream from 'nodemailer/lib/smtp-connection/data-stream';
import { describe, expect, it } from 'vitest';
import { letQuickPiecesPass, needsNoChange } from './quick-pieces.ts';

const piece = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '.', '\r\n.', 'abc', 'ü'), { minLength: 1, maxLength: 6 })
  .map((parts) => Buffer.from(parts.join('')));

describe('quick pieces', () => {
  it('change nothing of what arrives', async () => {
    const compared = fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
      const quick = Readable.from(pieces, { objectMode: false });
      letQuickPiecesPass(quick);
      const [one, other] = [new DataStream(), new DataStream()];
      const [ours, theirs] = [
        await buffer(quick.pipe(one)),
        await buffer(Readable.from(pieces, { objectMode: false }).pipe(other)),
      ];
      expect(ours.toString()).toBe(theirs.toString());
      expect(one.outByteCount).toBe(other.outByteCount);
    });
    await fc.assert(compared, { numRuns: 2_000 });
  });

  it.each<[string, number | false, boolean]>([
    ['a line\r\nand more', false, true],
    ['\nafter a CR', 13, true],
    ['ends in\r', false, true],
    ['not LF after a CR', 13, false],
    ['\nafter none', 97, false],
    ['.first', false, false],
    ['.in a line', 97, true],
    ['.a line', 10, false],
    ['a\r\n.b', false, false],
    ['bare\nLF', false, false],
    ['bare\rCR', false, false],
    ['', false, false],
  ])('%j after %j: %s', (text, last, untouched) => {
    expect(needsNoChange(Buffer.from(text), last)).toBe(untouched);
  });
});
