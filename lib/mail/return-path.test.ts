import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { createReturnPaths, returnPathSettings, returnPathsOf } from './return-path.ts';

const secret = 'a secret of more than 32 characters';
const other = 'another secret of 32 characters at least';
const host = 'bounce.example.com';
const paths = createReturnPaths(host, [secret]);
const id = '01890000-0000-7000-8000-00000000000a';

describe('the return path of an email', () => {
  it('is the same each time, short enough, and leads back to the email', () => {
    for (const one of [id, ...Array.from({ length: 200 }, () => uuidv7())]) {
      const address = paths.addressOf(one);
      expect(address).toBe(`${paths.envelopeIdOf(one)}@${host}`);
      expect(address).toMatch(/^b-[a-z2-7]{26}-[a-z2-7]{24}@bounce\.example\.com$/);
      expect(address.indexOf('@')).toBeLessThanOrEqual(64);
      expect(paths.emailOfAddress(address)).toBe(one);
      expect(paths.emailOfEnvelopeId(paths.envelopeIdOf(one))).toBe(one);
    }
  });

  it('survives mail servers that change its case', () => {
    expect(paths.emailOfAddress(paths.addressOf(id).toUpperCase())).toBe(id);
  });

  it('is good with each of the secrets, and made with the first', () => {
    const rotated = createReturnPaths(host, [other, secret]);
    expect(rotated.emailOfAddress(paths.addressOf(id))).toBe(id);
    expect(rotated.addressOf(id)).toBe(createReturnPaths(host, [other]).addressOf(id));
    expect(paths.emailOfAddress(rotated.addressOf(id))).toBeUndefined();
  });
});

describe('an address that is no return path of ours', () => {
  const good = paths.addressOf(id);
  const foreign = paths.addressOf(uuidv7());

  it.each([
    ['', ''],
    ['without a host', good.slice(0, good.indexOf('@'))],
    ['at another host', good.replace(host, 'bounce.example.org')],
    ['below the host', good.replace(host, `x.${host}`)],
    ['with the mac of another email', `${good.slice(0, 29)}${foreign.slice(29)}`],
    ['with a mac made up', `${good.slice(0, 29)}${'a'.repeat(24)}@${host}`],
    ['with a mac cut off', good.replace(/.@/, '@')],
    ['with spare bits of the id', good.replace(/^(b-.{25})./, (_, head) => `${head}9`)],
    ['with more before', `x${good}`],
    ['with what is no base32', `b-${'1'.repeat(26)}-${'a'.repeat(24)}@${host}`],
    ['a sender', 'shop@example.com'],
    ['of a million characters', `${'b-'.repeat(500_000)}@${host}`],
    ['with line ends', `${good}\r\nRCPT TO:<x@example.com>`],
  ])('%s', (_, address) => {
    expect(paths.emailOfAddress(address)).toBeUndefined();
  });

  it('is every one that differs from a good one in a single character', () => {
    for (let at = 0; at < good.indexOf('@'); at += 1) {
      const changed = good[at] === 'x' ? 'y' : 'x';
      expect(paths.emailOfAddress(`${good.slice(0, at)}${changed}${good.slice(at + 1)}`)).toBeUndefined();
    }
  });

  it('is every spelling of the same bytes but the one that we write', () => {
    // 26 characters are 130 bits, of which an id has 128.
    const last = good[27] ?? '';
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
    const value = alphabet.indexOf(last);
    for (const spare of [1, 2, 3]) {
      const spelled = alphabet[value | spare] ?? '';
      if (spelled === last) continue;
      expect(paths.emailOfAddress(`${good.slice(0, 27)}${spelled}${good.slice(28)}`)).toBeUndefined();
    }
  });

  it('is what anybody writes at random', () => {
    for (let times = 0; times < 2_000; times += 1)
      expect(
        paths.emailOfEnvelopeId(`b-${randomBytes(39).toString('hex').slice(0, 26)}-${'a'.repeat(24)}`),
      ).toBeUndefined();
  });
});

describe('the settings', () => {
  const settings = (host_: string | undefined, secrets: string | undefined) => {
    const given = { ...(host_ && { RETURN_PATH_HOST: host_ }), ...(secrets && { RETURN_PATH_SECRET: secrets }) };
    return v.parse(v.object(returnPathSettings), given);
  };

  it('without a host have no return paths; with one they need a secret', () => {
    expect(returnPathsOf(settings(undefined, secret.replaceAll(' ', '-')))).toBeUndefined();
    expect(() => returnPathsOf(settings(host, undefined))).toThrow('RETURN_PATH_SECRET is not');
  });

  it('take several secrets, and a host in any spelling', () => {
    const [one, two] = ['x'.repeat(32), 'y'.repeat(40)];
    const read = returnPathsOf(settings('Bounce.Example.COM.', `${one} ${two}`));
    expect(read?.addressOf(id)).toBe(createReturnPaths(host, [one]).addressOf(id));
    expect(read?.emailOfAddress(createReturnPaths(host, [two]).addressOf(id))).toBe(id);
  });

  it.each([
    ['a host without a dot', 'bounce', 'x'.repeat(32)],
    ['an address', 'a@example.com', 'x'.repeat(32)],
    ['a short secret', host, 'short'],
    ['a short one beside a good one', host, `${'x'.repeat(32)} short`],
    ['eleven secrets', host, Array(11).fill('x'.repeat(32)).join(' ')],
  ])('refuse %s', (_, host_, secrets) => {
    expect(() => settings(host_, secrets)).toThrow();
  });
});
