import { beforeEach, describe, expect, it } from 'vitest';
import { createSecretCheck, type SecretToCheck } from './check-secret.ts';
import { decoyHash, findFitting } from './secret-hash.ts';

/** "right" and "rolled" with the least cost there is, so that hundreds of checks take no time. */
const hashOfRight = '$scrypt$ln=1,r=1,p=1$c2FsdHNhbHRzYWx0$chrFar7K0TEPV9YHYANcoVlbOzB/AwNIQi3njrE+/4k';
const hashOfRolled = '$scrypt$ln=1,r=1,p=1$c2FsdHNhbHRzYWx0$RQnoedszurtE8B+9ggKLOgFYIjiPlgk9nMUEReIYiQU';

const storedRight = { id: 1, hash: hashOfRight };
const storedRolled = { id: 2, hash: hashOfRolled };

let time: number;
let hashesRun: number;
let notedUses: number[];
let check: (changes?: Partial<SecretToCheck>) => Promise<string>;
let retryAfterSeconds: number | undefined;

beforeEach(() => {
  time = 1_000_000;
  hashesRun = 0;
  notedUses = [];
  const checkSecret = createSecretCheck({
    now: () => time,
    find: (secret, hashes) => {
      hashesRun += 1;
      return findFitting(secret, hashes);
    },
    noteUse: async (secretId) => {
      notedUses.push(secretId);
    },
  });
  check = async (changes = {}) => {
    const asked = { clientId: 'a', secret: 'right', stored: [storedRight], address: '192.0.2.1', ...changes };
    const result = await checkSecret(asked);
    retryAfterSeconds = result.outcome === 'slowed' ? result.retryAfterSeconds : undefined;
    return result.outcome;
  };
});

async function fail(times: number, changes: Partial<SecretToCheck> = {}) {
  for (let n = 0; n < times; n += 1) expect(await check({ secret: `wrong ${n}`, ...changes })).toBe('wrong');
}

describe('a secret that was not encoded', () => {
  it('is right as it was written, counts as one guess, and is remembered with its other reading', async () => {
    expect(await check({ secret: 'ri ght', orElse: 'right' })).toBe('right');
    expect(hashesRun).toBe(2);
    for (let n = 0; n < 50; n += 1) expect(await check({ secret: 'ri ght', orElse: 'right' })).toBe('right');
    expect(hashesRun).toBe(2);
    expect(await check({ secret: 'right', orElse: 'ri+ght' })).toBe('right');
    expect(hashesRun).toBe(3);
    expect(await check({ secret: 'wrong', orElse: 'wro+ng' })).toBe('wrong');
  });
});

describe('a right secret', () => {
  it('is hashed once a minute', async () => {
    expect(await check()).toBe('right');
    time += 59_999;
    expect(await check()).toBe('right');
    expect(hashesRun).toBe(1);
    time += 1;
    expect(await check()).toBe('right');
    expect(hashesRun).toBe(2);
  });

  it('is hashed once where many requests bring it at the same moment', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => check()));
    expect(new Set(outcomes)).toEqual(new Set(['right']));
    expect(hashesRun).toBe(1);
  });

  it('is forgotten at once when it is rolled, and the new one is taken', async () => {
    await check();
    expect(await check({ stored: [storedRolled] })).toBe('wrong');
    expect(await check({ stored: [storedRolled], secret: 'rolled' })).toBe('right');
  });

  it('may be one of several; it is forgotten at once when that one is taken away', async () => {
    const stored = [storedRight, storedRolled];
    expect(await check({ stored })).toBe('right');
    expect(await check({ stored, secret: 'rolled' })).toBe('right');
    expect(hashesRun).toBe(2);
    expect(await check({ stored: [storedRolled] })).toBe('wrong');
    expect(await check({ stored: [storedRolled], secret: 'rolled' })).toBe('right');
  });

  it('is noted as used when it is hashed, not at every request', async () => {
    const stored = [storedRight, storedRolled];
    for (let n = 0; n < 3; n += 1) await check({ stored, secret: 'rolled' });
    await check({ stored });
    await check({ stored, secret: 'wrong' });
    expect(notedUses).toEqual([2, 1]);
  });

  it('is not another client’s', async () => {
    await check();
    await check({ clientId: 'b' });
    expect(hashesRun).toBe(2);
  });

  it('passes while its caller is slowed, if it is remembered', async () => {
    await check();
    await fail(5);
    expect(await check({ secret: 'wrong again' })).toBe('slowed');
    expect(await check()).toBe('right');
  });

  it('is tried while its caller is slowed, if it was right within a day', async () => {
    await check();
    time += 86_000_000;
    await fail(5);
    expect(await check({ secret: 'wrong again' })).toBe('slowed');
    expect(await check()).toBe('right');
  });

  it('gets through within a second where ten were wrong, though it was never right before', async () => {
    for (let n = 0; n < 10; n += 1) {
      expect(await check({ secret: `wrong ${n}` })).toBe('wrong');
      time += 1_000;
    }
    time -= 1;
    expect(await check()).toBe('slowed');
    expect(retryAfterSeconds).toBe(32);
    time += 1;
    expect(await check()).toBe('right');
  });

  it('ends the row of failures', async () => {
    await fail(4);
    expect(await check()).toBe('right');
    await fail(4);
    expect(await check({ secret: 'wrong 4' })).toBe('wrong');
    expect(await check({ secret: 'wrong 5' })).toBe('slowed');
  });
});

describe('a wrong secret', () => {
  it('is slowed after five in a row, without a hash, for longer each time', async () => {
    await fail(5);
    const waits: (number | undefined)[] = [];
    for (let n = 0; n < 8; n += 1) {
      const hashesBefore = hashesRun;
      expect(await check({ secret: 'guess' })).toBe('slowed');
      waits.push(retryAfterSeconds);
      expect(hashesRun).toBe(hashesBefore);
      time += (retryAfterSeconds ?? 0) * 1000;
      expect(await check({ secret: 'guess' })).toBe('wrong');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('slows its own client and network alone', async () => {
    await fail(5, { address: '2001:db8::1' });
    expect(await check({ address: '2001:db8::2' })).toBe('slowed');
    expect(await check({ address: '2001:db8:0:1::1', secret: 'wrong' })).toBe('wrong');
    expect(await check({ address: '2001:db8::1', clientId: 'b', secret: 'wrong' })).toBe('wrong');
  });

  it('is counted before it is known: guesses at the same moment are not free', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => check({ secret: `guess ${n}` })));
    expect(outcomes.filter((outcome) => outcome === 'wrong')).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === 'slowed')).toHaveLength(15);
  });
});

describe('an unknown client, or one without a secret,', () => {
  it('costs a hash and is wrong, even if a secret came to fit the decoy', async () => {
    const checked: string[] = [];
    const checkSecret = createSecretCheck({
      find: async (_secret, hashes) => {
        checked.push(...hashes);
        return hashes[0];
      },
    });
    const unknown = { clientId: 'nobody', secret: 'any', stored: [], address: '192.0.2.1' };
    expect(await checkSecret(unknown)).toEqual({ outcome: 'wrong' });
    expect(checked).toEqual([decoyHash]);
  });
});

describe('a flood', () => {
  const flood = (count: number, addressOf: (n: number) => string) =>
    Promise.all(Array.from({ length: count }, (_, n) => check({ clientId: `c${n}`, address: addressOf(n) })));

  it('of one network is told to come again beyond 20 that wait, and is over when they are checked', async () => {
    const outcomes = await flood(30, () => '192.0.2.1');
    expect(outcomes.filter((outcome) => outcome === 'right')).toHaveLength(21);
    expect(outcomes.filter((outcome) => outcome === 'crowded')).toHaveLength(9);
    expect(await check({ clientId: 'c29' })).toBe('right');
  });

  it('leaves no failure with who was not checked', async () => {
    const ofOne = () => check({ secret: `guess ${guesses++}`, clientId: 'late' });
    let guesses = 0;
    const [others, late] = [flood(21, () => '192.0.2.1'), await ofOne()];
    expect([late, await ofOne()]).toEqual(['crowded', 'crowded']);
    await others;
    await fail(5, { clientId: 'late' });
  });

  it('of many networks is busy beyond 200 checks that wait, and is over when they are checked', async () => {
    const outcomes = await flood(203, (n) => `192.0.2.${n}`);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(1);
    expect(await check({ clientId: 'c202' })).toBe('right');
  });

  it('is not in front of another network, nor of a secret that was right before', async () => {
    await check({ clientId: 'proven', address: '192.0.2.1' });
    time += 60_000;
    const order: string[] = [];
    const note = async (name: string, changes: Partial<SecretToCheck>) => {
      await check(changes);
      order.push(name);
    };
    const flooding = Array.from({ length: 20 }, (_, n) => note('flood', { clientId: `c${n}` }));
    await Promise.all([
      ...flooding,
      note('elsewhere', { clientId: 'a', address: '192.0.2.2' }),
      note('proven', { clientId: 'proven' }),
    ]);
    expect(order.indexOf('elsewhere')).toBeLessThan(3);
    expect(order.indexOf('proven')).toBeLessThan(3);
  });
});
