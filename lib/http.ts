// HTTP as a function sees it: a request and a reply as plain values, routes as a table, bodies read within a bound.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from './errors.ts';

export interface Request {
  method: string;
  /** Path without query. */
  path: string;
  /** Values of the `{name}` parts of the route's path. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Address of the client as the gateway saw it. */
  address: string;
  /** Aborts when the process is told to end: a handler that waits answers then. */
  stopping: AbortSignal;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** An object is written as JSON, a string or Buffer as it is, undefined as no body. */
  body?: unknown;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in `/emails/{id}/events`; one `{name}` matches one segment. */
  path: string;
  /** Media types that the body may have; a route without takes no body. */
  accepts?: readonly string[];
  handle: (request: Request) => Promise<Reply>;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Compiles a table of routes. The result finds the route of a request, or throws `not_found` or `method_not_allowed` (with `Allow`). */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const compiled = routes.map((route) => ({ route, segments: route.path.split('/') }));
  return (method, path) => {
    const segments = path.split('/');
    const matches = compiled.flatMap(({ route, segments: pattern }) => {
      const params = matchPath(pattern, segments);
      return params ? [{ route, params }] : [];
    });
    if (matches.length === 0) throw new ApiError('not_found', `There is no ${path} here.`);
    const wanted = method === 'HEAD' ? 'GET' : method;
    const match = matches.find(({ route }) => route.method === wanted);
    if (match) return match;
    const allow = matches.map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : route.method)).join(', ');
    throw new ApiError('method_not_allowed', `${path} answers ${allow} only.`, { headers: { allow } });
  };
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}

/**
 * Reads a body of at most `limit` bytes, or throws `content_too_large`. What is too much is still taken off the wire (within
 * reason) and dropped, as a client that is cut off in the middle of writing never reads the answer.
 */
export function readBody(stream: IncomingMessage, limit: number): Promise<Buffer> {
  const drop = limit * 8;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    if (Number(stream.headers['content-length'] ?? 0) > drop) return reject(tooLarge(limit));
    // Listeners, as iterating over the stream costs a promise and some more for each piece of it.
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else if (length > drop) {
        reject(tooLarge(limit));
        stream.destroy();
      }
    });
    stream.on('end', () => {
      if (length > limit) reject(tooLarge(limit));
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    stream.on('error', reject);
  });
}

export function tooLarge(limit: number): ApiError {
  return new ApiError('content_too_large', `The request body may have ${limit} bytes at most.`, {
    headers: { connection: 'close' },
  });
}

/** Checks `Content-Type` and `Content-Encoding` against what a route takes, or throws `unsupported_media_type` (415). */
export function checkMediaType(headers: IncomingHttpHeaders, accepts: readonly string[]): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('unsupported_media_type', `Content-Encoding ${encoding} is not taken; send the body as it is.`);
  }
  if (accepts.includes(mediaType(headers))) return;
  throw new ApiError('unsupported_media_type', `Content-Type must be ${accepts.join(' or ')}.`, {
    headers: { accept: accepts.join(', ') },
  });
}

/** The media type of a `Content-Type` header without its parameters, in lower case. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Deeper than any body that makes sense; what walks through a value may recurse. */
const maxDepth = 50;

/** Parses a JSON body, or throws `invalid_json` (400). */
export function parseJson(body: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch (error) {
    const reason = body.length === 0 ? 'it is empty' : error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new ApiError('invalid_json', `The request body is not JSON: ${reason}.`);
  }
  if (isDeeper(value, maxDepth))
    throw new ApiError('invalid_json', `The request body is nested deeper than ${maxDepth}.`);
  return value;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1));
}

/** Writes a reply; a client that has gone meanwhile is no error. */
export function writeReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const headers: Record<string, string | number> = { ...reply.headers };
  let body: string | Buffer | undefined;
  if (typeof reply.body === 'string' || Buffer.isBuffer(reply.body)) body = reply.body;
  else if (reply.body !== undefined) {
    body = JSON.stringify(reply.body);
    headers['content-type'] ??= 'application/json';
  }
  if (body !== undefined || ![204, 304].includes(reply.status))
    headers['content-length'] = Buffer.byteLength(body ?? '');
  response.writeHead(reply.status, headers);
  response.end(body);
}
