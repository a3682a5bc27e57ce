// GET /openapi.json and GET /docs: what the API takes and answers, for programs and for people.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import { apiDocument } from './docs/document.ts';
import { pageHeaders, referencePage } from './docs/page.ts';

/** It changes with the release alone, and is asked for again then. */
const cacheControl = 'public, max-age=300';

export const readDocument = fixed(() => JSON.stringify(apiDocument), { 'content-type': 'application/json' });
export const readPage = fixed(() => referencePage(apiDocument), pageHeaders);

/** A handler that always answers the same; `write` is called at the first request. */
function fixed(write: () => string, headers: Record<string, string>): (request: Request) => Promise<Reply> {
  let written: { body: string; etag: string } | undefined;
  return async (request): Promise<Reply> => {
    written ??= withTag(write());
    const { body, etag } = written;
    const common = { 'cache-control': cacheControl, etag };
    if (isKnown(request.headers, etag)) return { status: 304, headers: common };
    return { status: 200, headers: { ...headers, ...common }, body };
  };
}

function withTag(body: string): { body: string; etag: string } {
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/** RFC 9110 §13.1.2: weakly compared, so that what a proxy has compressed is still known. */
function isKnown(headers: IncomingHttpHeaders, etag: string): boolean {
  const tags = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
