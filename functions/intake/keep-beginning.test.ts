import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { keepBeginning } from './keep-beginning.ts';

const never = () => {
  throw new Error('called');
};

describe('the beginning of a stream', () => {
  it.each([
    ['nothing', []],
    ['one piece', ['hello']],
    ['small pieces', Array<string>(100).fill('ab')],
    ['a piece of more than is kept', ['x'.repeat(5_000)]],
    ['pieces across the bound', ['x'.repeat(900), 'y'.repeat(900), 'z'.repeat(900)]],
  ])('is kept up to the bound, the rest passed over: %s', async (_, pieces) => {
    const all = Buffer.from(pieces.join(''));
    const kept = await keepBeginning(Readable.from(pieces.map(Buffer.from)), {
      keep: 1_000,
      most: 10_000,
      onTooLarge: never,
    });
    expect(kept.toString()).toBe(all.subarray(0, 1_000).toString());
  });

  it('is given up once more comes than may, at that very piece', async () => {
    let pieces = 0;
    let isTold = 0;
    const endless = new Readable({
      read() {
        pieces += 1;
        this.push(Buffer.alloc(1_000));
      },
    });
    await new Promise<void>((resolve) => {
      void keepBeginning(endless, {
        keep: 1_000,
        most: 10_000,
        onTooLarge() {
          isTold += 1;
          endless.destroy();
          resolve();
        },
      }).catch(() => {});
    });
    expect(isTold).toBe(1);
    expect(pieces).toBeLessThan(100);
  });

  it('keeps no buffer that pieces were read into', async () => {
    const large = Buffer.alloc(1_000_000, 'x');
    const kept = await keepBeginning(Readable.from([large.subarray(0, 10)]), {
      keep: 1_000,
      most: 10_000,
      onTooLarge: never,
    });
    expect(kept.buffer.byteLength).toBeLessThan(20_000);
  });

  it('rejects where the stream breaks off', async () => {
    const broken = new Readable({ read: () => {} });
    const kept = keepBeginning(broken, { keep: 10, most: 10, onTooLarge: never });
    broken.destroy(new Error('gone'));
    await expect(kept).rejects.toThrow('gone');
  });
});
