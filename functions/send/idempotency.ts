// The Idempotency-Key header and the fingerprint of the body it stands for.
import { createHash } from 'node:crypto';
import { ApiError } from '../../lib/http/errors.ts';
import { headerWithin } from '../../lib/http/size-limits.ts';

const maxLength = 256;
/** Its quotes, and a backslash before each of its characters. */
const maxHeader = 2 + 2 * maxLength;

/**
 * The key, bare or quoted (as a structured field, RFC 9651); undefined if there is none. Throws `invalid_idempotency_key` (400)
 * when it is empty, too long or not printable ASCII.
 */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = (headerWithin(header, maxHeader) ?? '').trim();
  const [, quoted] = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text) ?? [];
  const [bare] = /^[\x21\x23-\x7e][\x20\x21\x23-\x7e]*$/.exec(text) ?? [];
  const key = quoted?.replace(/\\(["\\])/g, '$1') ?? bare ?? '';
  if (key.length >= 1 && key.length <= maxLength) return key;
  throw new ApiError(
    'invalid_idempotency_key',
    `Idempotency-Key must have 1 to ${maxLength} printable ASCII characters.`,
  );
}

/**
 * SHA-256 of what a parsed body says: white space and the order of its fields do not matter. `lifted` is what was taken out of it,
 * by what stands in its place.
 */
export function fingerprint(body: unknown, lifted?: ReadonlyMap<string, { base64: Uint8Array }>): string {
  return createHash('sha256')
    .update(
      JSON.stringify(body, (_key, value: unknown) => {
        const own = typeof value === 'string' ? lifted?.get(value) : undefined;
        return own === undefined ? sortFields(value) : Buffer.from(own.base64).toString('latin1');
      }),
    )
    .digest('base64url');
}

function sortFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
