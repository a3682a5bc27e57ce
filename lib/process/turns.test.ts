import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTurns } from './turns.ts';

describe('createTurns', () => {
  it('has so many under way, and begins the others in their order as those end, well or not', async () => {
    const turns = createTurns(2);
    const begun: string[] = [];
    const ends = new Map<string, { resolve: (result: string) => void; reject: (error: Error) => void }>();
    const work = (name: string) =>
      turns(() => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => ends.set(name, { resolve, reject }));
      });
    const results = Promise.allSettled(['a', 'b', 'c', 'd'].map(work));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    ends.get('b')?.reject(new Error('broken'));
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    ends.get('a')?.resolve('A');
    await turn();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    ends.get('c')?.resolve('C');
    ends.get('d')?.resolve('D');
    expect((await results).map((result) => (result.status === 'fulfilled' ? result.value : 'failed'))).toEqual([
      'A',
      'failed',
      'C',
      'D',
    ]);
    const later = await turns(async () => 'free again');
    expect(later).toBe('free again');
  });
});
