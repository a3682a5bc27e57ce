// Hashes of client secrets: scrypt (RFC 7914) in the PHC string format, `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** log2 of N = 32768: with r = 8, 32 MiB and some 80 ms a hash. */
const cost = { ln: 15, r: 8, p: 1 };
const saltBytes = 16;
const hashBytes = 32;

export interface SecretHash {
  ln: number;
  r: number;
  p: number;
  salt: Buffer;
  hash: Buffer;
}

/** The hash of no secret: checking against it costs as much as against a real one. */
export const decoyHash = format({ ...cost, salt: Buffer.alloc(saltBytes), hash: Buffer.alloc(hashBytes) });

/** With the salt of `sibling`, another secret of the same client, where there is one: a guess is then one scrypt for both. */
export async function hashSecret(secret: string, sibling?: string): Promise<string> {
  const salt = sibling === undefined ? randomBytes(saltBytes) : parseSecretHash(sibling).salt;
  return format({ ...cost, salt, hash: await derive(secret, { ...cost, salt }, hashBytes) });
}

/**
 * The one of `phcs` that is the hash of `secret`. Costs one scrypt where they share salt and cost, as those of one client do.
 * Throws on a hash that is not of our format.
 */
export async function findFitting(secret: string, phcs: readonly string[]): Promise<string | undefined> {
  const derived = new Map<string, Buffer>();
  let fitting: string | undefined;
  for (const phc of phcs) {
    const expected = parseSecretHash(phc);
    const length = expected.hash.length;
    const way = `${phc.slice(0, phc.lastIndexOf('$'))} ${length}`;
    const hash = derived.get(way) ?? (await derive(secret, expected, length));
    derived.set(way, hash);
    if (timingSafeEqual(hash, expected.hash)) fitting = phc;
  }
  return fitting;
}

/** Throws an error that does not repeat the hash. */
export function parseSecretHash(phc: string): SecretHash {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43,86})$/.exec(phc) ?? [];
  if (!salt || !hash) throw new Error('A secret hash is not of the form $scrypt$ln=15,r=8,p=1$<salt>$<hash>.');
  return {
    ln: Number(ln),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

function format({ ln, r, p, salt, hash }: SecretHash): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/={1,2}$/, '');
}

function derive(secret: string, { ln, r, p, salt }: Omit<SecretHash, 'hash'>, length: number): Promise<Buffer> {
  const N = 2 ** ln;
  // Node refuses what needs more than 32 MiB unless it is told otherwise; this is what scrypt needs (RFC 7914 §6).
  const options: ScryptOptions = { N, r, p, maxmem: 128 * r * (N + p + 2) };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, length, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
