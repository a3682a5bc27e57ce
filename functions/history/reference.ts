// GET /openapi.json and GET /docs: what the API takes and answers, for programs and for people.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Reply } from '../../lib/http/exchange.ts';
import type { Route } from '../../lib/http/route.ts';
import { headerWithin } from '../../lib/http/size-limits.ts';
import { apiDocument } from './docs/document.ts';
import { pageHeaders, referencePage } from './docs/page.ts';

/** It changes with the release alone, and is asked for again then. */
const cacheControl = 'public, max-age=300';
/** Characters of `If-None-Match`: some tags of ours, which have 24. */
const maxIfNoneMatch = 1_500;

export function createReferenceRoutes(): Route[] {
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      handle: fixed(() => JSON.stringify(apiDocument), { 'content-type': 'application/json' }),
    },
    { method: 'GET', path: '/docs', handle: fixed(() => referencePage(apiDocument), pageHeaders) },
  ];
}

/** A route that always answers the same; `write` is called at the first request. */
function fixed(write: () => string, headers: Record<string, string>): Route['handle'] {
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
  const tags = (headerWithin(headers['if-none-match'], maxIfNoneMatch) ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
