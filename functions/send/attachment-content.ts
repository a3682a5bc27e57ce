// The bytes of an attachment in the forms that programs write them in, each made into base64 in lines: what is stored and sent.
import * as v from 'valibot';
import { isObject, refusing, selectSchema } from '../../lib/http/select-schema.ts';
import { firstFault, mostBodyBytes, text } from '../../lib/http/size-limits.ts';
import { decodedBytes, inLines } from '../../lib/store/emails/base64-lines.ts';
import type { GivenAttachment } from '../../lib/store/emails/email.ts';

export interface GivenContent extends Pick<GivenAttachment, 'wire' | 'size'> {
  /** What a data: URI says of itself. */
  type?: string;
}

const message = 'must be base64 (RFC 4648), a data: URI, or a list of bytes';

/** Base64, also in lines, URL-safe (§5) or unpadded; or a data: URI (RFC 2397). */
const ContentText = firstFault(
  v.pipe(
    text(mostBodyBytes),
    v.metadata({ contentEncoding: 'base64' }),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): GivenContent => {
      const content = /^data:/i.test(value) ? ofDataUri(value) : ofBase64(value);
      if (content !== undefined) return content;
      addIssue({ message });
      return NEVER;
    }),
  ),
);

/** `[104, 105]`, or what JSON makes of a Buffer or of a Uint8Array. */
const ContentBytes = v.pipe(
  v.custom<object>((input) => typeof input === 'object' && input !== null, message),
  v.metadata({
    type: ['array', 'object'],
    items: { type: 'integer', minimum: 0, maximum: 255 },
    description: 'Bytes as numbers: a list, or `{"type": "Buffer", "data": […]}` with one.',
  }),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): GivenContent => {
    const bytes = listOf(value);
    const content = bytes?.every(isByte) ? ofBytes(Buffer.from(bytes)) : undefined;
    if (content !== undefined) return content;
    addIssue({ message });
    return NEVER;
  }),
);

export const AttachmentContent = selectSchema(
  (input): v.GenericSchema<unknown, GivenContent> => {
    if (typeof input === 'string') return ContentText;
    return typeof input === 'object' ? (ContentBytes as v.GenericSchema<unknown, GivenContent>) : refusing(message);
  },
  v.union([ContentText, ContentBytes]),
);

/** As many as the parts that a parsed body may have (lib/http/body.ts). */
function listOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return undefined;
  if (value.type === 'Buffer') return Array.isArray(value.data) ? value.data : undefined;
  const entries = Object.entries(value);
  // `{}` is what JSON makes of an ArrayBuffer, whatever is in it.
  return entries.length > 0 && entries.every(([key], index) => key === String(index))
    ? Object.values(value)
    : undefined;
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

/** Most characters before the comma. */
const maxHead = 300;

function ofDataUri(uri: string): GivenContent | undefined {
  const comma = uri.slice(0, maxHead).indexOf(',');
  if (comma < 0) return undefined;
  const head = uri.slice('data:'.length, comma);
  const isBase64Head = /;\s*base64\s*$/i.test(head);
  const body = uri.slice(comma + 1);
  const content = isBase64Head ? ofBase64(body.includes('%') ? decoded(body) : body) : ofPercentEncoded(body);
  const type = isBase64Head ? head.slice(0, head.lastIndexOf(';')).trim() : head.trim();
  return content && (type.includes('/') ? { ...content, type } : content);
}

function ofPercentEncoded(body: string): GivenContent | undefined {
  const plain = decoded(body);
  return plain?.isWellFormed() ? ofBytes(Buffer.from(plain)) : undefined;
}

function decoded(body: string): string | undefined {
  try {
    return decodeURIComponent(body);
  } catch {
    return undefined;
  }
}

/** No characters that lenient decoders skip, but for white space, and one spelling for the same bytes. */
function ofBase64(given: string | undefined): GivenContent | undefined {
  if (given === undefined) return undefined;
  const strict = ofStrictBase64(given);
  if (strict !== undefined) return strict;
  const letters = given
    .replace(/[ \t\r\n]+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  const missing = (4 - (letters.length % 4)) % 4;
  return ofStrictBase64(missing > 2 || letters.endsWith('=') ? letters : letters + '='.repeat(missing));
}

function ofStrictBase64(given: string): GivenContent | undefined {
  const base64 = Buffer.from(given);
  const wire = inLines(base64);
  return wire && { wire, size: decodedBytes(base64) };
}

function ofBytes(bytes: Uint8Array): GivenContent | undefined {
  return ofStrictBase64(Buffer.from(bytes).toString('base64'));
}
