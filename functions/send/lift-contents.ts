// Takes the contents of large attachments out of a request body before it is parsed: as text they would be decoded, parsed and copied again and again.
import { randomBytes } from 'node:crypto';
import { decodedBytes, inLines } from '../../lib/store/emails/base64-lines.ts';
import type { GivenAttachment } from '../../lib/store/emails/email.ts';

/** Base64 of this many characters is worth it. */
const leastLifted = 16_384;

const key = Buffer.from('"content"');
const quote = 0x22;
const colon = 0x3a;

/** What stood in the body: base64 that is checked. */
interface Lifted extends Pick<GivenAttachment, 'wire' | 'size'> {
  base64: Uint8Array;
}

export interface Lift {
  /** The body, with a short text of base64 in place of each that was lifted. */
  rest: Uint8Array;
  /** By what stands in its place: so much chance that nobody else has it. */
  lifted: Map<string, Lifted>;
}

/**
 * Lifts long base64 that follows the key `content`; undefined where there is none. What the key belongs to is known only once the
 * rest is parsed: see `isAllAttached`.
 */
export function liftContents(body: Uint8Array): Lift | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const lifted: Lift['lifted'] = new Map();
  const rest: Uint8Array[] = [];
  let from = 0;
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
    const begin = beginOfValue(bytes, at + key.length);
    const end = begin === undefined ? -1 : bytes.indexOf(quote, begin);
    if (begin === undefined || end - begin < leastLifted) continue;
    const base64 = bytes.subarray(begin, end);
    const wire = inLines(base64);
    if (wire === undefined) continue;
    const name = randomBytes(24).toString('base64');
    lifted.set(name, { base64, wire, size: decodedBytes(base64) });
    rest.push(bytes.subarray(from, begin), Buffer.from(name));
    from = end;
    at = end;
  }
  if (lifted.size === 0) return undefined;
  return { rest: Buffer.concat([...rest, bytes.subarray(from)]), lifted };
}

/** After a colon and a quote. */
function beginOfValue(bytes: Buffer, from: number): number | undefined {
  const at = afterSpace(bytes, from);
  if (bytes[at] !== colon) return undefined;
  const begin = afterSpace(bytes, at + 1);
  return bytes[begin] === quote ? begin + 1 : undefined;
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}

/** Whether all that was lifted from `body`, the parsed rest, is the content of an attachment. */
export function isAllAttached(body: unknown, { lifted }: Lift): boolean {
  const list = isObject(body) && Array.isArray(body.emails) ? body.emails : body;
  const emails: unknown[] = Array.isArray(list) ? list : [list];
  const found = emails.flatMap((email) => {
    const attachments = isObject(email) && Array.isArray(email.attachments) ? email.attachments : [];
    return attachments.filter((one) => isObject(one) && typeof one.content === 'string' && lifted.has(one.content));
  });
  return found.length === lifted.size;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Puts what was lifted into its place. */
export function putBack(attachments: GivenAttachment[], { lifted }: Lift): GivenAttachment[] {
  return attachments.map((attachment) => {
    const own = attachment.wire.length === nameLength ? lifted.get(Buffer.from(attachment.wire).toString()) : undefined;
    return own === undefined ? attachment : { ...attachment, wire: own.wire, size: own.size };
  });
}

/** Of the base64 of 24 bytes, which is one line. */
const nameLength = 32;
