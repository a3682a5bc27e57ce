// Answers packed with gzip, for clients that take it (RFC 9110 §12.5.3).
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { chooseEncoding } from './accept-encoding.ts';
import type { Reply } from './exchange.ts';

/** Below, the answer travels in one packet either way. */
const leastBytes = 1_024;
/** Above, packing costs more than a request may: such an answer is mostly attachments, which do not shrink. */
const mostBytes = 1_048_576;
/** More shrinks JSON by little, and costs several times as much. */
const level = 3;

const pack = promisify(gzip);
const ending = '-gzip"';

/**
 * The reply as it travels. Only what GET and HEAD show is packed. Answers with a new token, key or secret come from other methods, and so do
 * those that repeat what the caller said; errors repeat it, too. Where both stand in one answer, its length would tell of the secret (BREACH).
 */
export async function compress(reply: Reply, method: string, headers: IncomingHttpHeaders): Promise<Reply> {
  if (method !== 'GET' && method !== 'HEAD') return reply;
  const { status, headers: own = {}, body } = reply;
  if (status !== 200 || body === undefined || own['content-encoding'] !== undefined || isAboutEncoding(own.vary))
    return reply;
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  const text = isText ? body : JSON.stringify(body);
  const type = own['content-type'] ?? (isText ? '' : 'application/json');
  const plain = { status, headers: { ...own, ...(type !== '' && { 'content-type': type }) }, body: text };
  const length = Buffer.byteLength(text);
  if (length < leastBytes || length > mostBytes || !shrinks(type)) return plain;
  const varied = {
    ...plain.headers,
    vary: own.vary === undefined ? 'accept-encoding' : `${own.vary}, accept-encoding`,
  };
  if (chooseEncoding(headers['accept-encoding'], ['gzip']) === undefined) return { ...plain, headers: varied };
  const { etag } = own;
  return {
    status,
    headers: { ...varied, 'content-encoding': 'gzip', ...(etag !== undefined && { etag: packedTag(etag) }) },
    body: await pack(text, { level }),
  };
}

function isAboutEncoding(vary: string | undefined): boolean {
  return vary?.toLowerCase().includes('accept-encoding') === true;
}

function shrinks(contentType: string): boolean {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || type.endsWith('json') || type.startsWith('message/');
}

/** A strong tag names the bytes that travel, and those are others (RFC 9110 §8.8.3.3). */
function packedTag(etag: string): string {
  return etag.startsWith('W/') ? etag : etag.replace(/"$/, ending);
}

/** The tag of what a client has, whether it came packed or not. */
export function unpackedTag(etag: string): string {
  return etag.endsWith(ending) ? `${etag.slice(0, -ending.length)}"` : etag;
}
