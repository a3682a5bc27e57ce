import { describe, expect, it } from 'vitest';
import { decoyHash, findFitting, hashSecret, parseSecretHash } from './secret-hash.ts';

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

/** RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", N = 16384, r = 8, p = 1), 64 bytes. */
const rfc7914 = `$scrypt$ln=14,r=8,p=1$${unpadded(Buffer.from('SodiumChloride'))}$${unpadded(
  Buffer.from(
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
      'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    'hex',
  ),
)}`;

const verifySecret = async (secret: string, hash: string) => (await findFitting(secret, [hash])) !== undefined;

describe('a secret hash', () => {
  it('fits its secret and no other', async () => {
    const hash = await hashSecret('abc123');
    expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifySecret('abc123', hash)).toBe(true);
    expect(await verifySecret('abc124', hash)).toBe(false);
    expect(await verifySecret('', hash)).toBe(false);
  });

  it('differs for the same secret', async () => {
    expect(await hashSecret('abc123')).not.toBe(await hashSecret('abc123'));
  });

  it('shares its salt with those of the same client, and nothing else', async () => {
    const first = await hashSecret('abc123');
    const second = await hashSecret('abc124', first);
    const [one, other] = [parseSecretHash(first), parseSecretHash(second)];
    expect(other.salt).toEqual(one.salt);
    expect(other.hash).not.toEqual(one.hash);
    expect(await findFitting('abc124', [first, second])).toBe(second);
    expect(await findFitting('abc123', [first, second])).toBe(first);
    expect(await findFitting('abc125', [first, second])).toBeUndefined();
  });

  it('is found among those of other salt and cost', async () => {
    expect(await findFitting('pleaseletmein', [await hashSecret('abc123'), rfc7914])).toBe(rfc7914);
    expect(await findFitting('pleaseletmein', [])).toBeUndefined();
  });

  it('is the scrypt of RFC 7914, with the cost that it was made with', async () => {
    expect(await verifySecret('pleaseletmein', rfc7914)).toBe(true);
    expect(await verifySecret('pleaseletmeout', rfc7914)).toBe(false);
  });

  it('is read as it was written', () => {
    expect(parseSecretHash(rfc7914)).toMatchObject({ ln: 14, r: 8, p: 1, salt: Buffer.from('SodiumChloride') });
  });

  it('has a decoy that costs the same', async () => {
    const { ln, r, p, salt, hash } = parseSecretHash(await hashSecret('abc123'));
    expect(parseSecretHash(decoyHash)).toMatchObject({ ln, r, p });
    expect([parseSecretHash(decoyHash).salt.length, parseSecretHash(decoyHash).hash.length]).toEqual([
      salt.length,
      hash.length,
    ]);
  });

  it.each([
    '',
    'abc123',
    '$scrypt$',
    rfc7914.replace('scrypt', 'argon2id'),
    rfc7914.replace('ln=14', 'ln=114'),
    rfc7914.replace('ln=14,', ''),
    rfc7914.replace(/\$[^$]*$/, '$'),
    rfc7914.replace(/\$[^$]*$/, '$c2hvcnQ'),
    `${rfc7914}=`,
    ` ${rfc7914}`,
    `${rfc7914}\n`,
  ])('that is malformed is refused and not repeated: %j', (text) => {
    expect(() => parseSecretHash(text)).toThrow(
      /^A secret hash is not of the form \$scrypt\$ln=15,r=8,p=1\$<salt>\$<hash>\.$/,
    );
  });
});
