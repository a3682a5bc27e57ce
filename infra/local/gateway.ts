// The gateway of local mode: one port for all functions, as Caddy is in Docker; it streams, and answers for a function that is down.
import {
  Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { Server as NetServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { createProxyServer } from 'httpxy';
import { endBrokenRequests } from '../../lib/http/broken-request.ts';
import { problemTypeFor } from '../../lib/http/errors.ts';
import { oneAtATime } from '../../lib/http/pipeline.ts';
import { requestIdHeader, requestIdOf } from '../../lib/http/request-id.ts';
import { faultOfHeaders } from '../../lib/http/request-line.ts';
import type { PublicFunction } from '../gateway/public-functions.ts';
import { functionFor, refusedWith } from '../gateway/routes.ts';
import { loopback } from './ports.ts';

export interface GatewayOptions {
  port: number;
  /** The loopback port of each function. */
  ports: Record<PublicFunction, number>;
}

export interface Gateway {
  /** Accepts no new requests, waits for answers under way, then closes. */
  stop(): Promise<void>;
}

/** A caller may ask `send` to wait 30 s for the outcome; the longest that closing waits for answers, in ms. */
const drainMs = 35_000;
/** How long an idle connection is kept once closing has begun, in ms. */
const idleGraceMs = 250;
/** A body up to this size is sent whole before a function can refuse it. */
const smallBody = 65_536;

/** Requests whose client sends the body only after a 100 answer. */
const waitsForContinue = new WeakSet<IncomingMessage>();

export async function startGateway({ port, ports }: GatewayOptions): Promise<Gateway> {
  const agent = new Agent({ keepAlive: true });
  const proxy = createProxyServer({ agent });
  let stopping = false;

  const pass = (request: IncomingMessage, response: ServerResponse) => {
    // One for the gateway, the function and their logs.
    request.headers[requestIdHeader] = requestIdOf(request.headers);
    const path = originForm(request).split('?', 1)[0] ?? '/';
    // The function would get only one of two.
    const fault = faultOfHeaders(request.rawHeaders);
    if (fault !== undefined) return problem(response, 400, fault);
    const allow = refusedWith(request.method ?? 'GET', path);
    if (allow !== undefined) return problem(response, 405, `${path} answers ${allow} only`, { Allow: allow });
    const name = functionFor(request.method ?? 'GET', path);
    if (name === undefined) return problem(response, 404, `There is nothing at ${path}`);
    addForwardedHeaders(request);
    const target = `http://${loopback}:${ports[name]}`;
    const held = asksFirst(request) ? { buffer: new PassThrough() } : {};
    proxy.web(request, response, { target, ...held }).catch((error) => {
      // Nobody reads the rest of the client's body; unread, it would hold the connection open.
      request.unpipe();
      request.resume();
      if (stoppedReading(request, error)) return problem(response, 413, `The request body is too large for "${name}"`);
      problem(response, 503, whyNoAnswer(name, error));
    });
  };
  proxy.on('proxyRes', ({ headers }) => {
    if (stopping) headers.connection = 'close';
  });
  proxy.on('proxyReq', (onward, request, response, { buffer }) => {
    if (buffer instanceof PassThrough) askFirst(onward, request, response, buffer);
  });

  const inTurn = oneAtATime();
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    inTurn(request, response, () => pass(request, response));
  const server = createServer(onRequest);
  server.on('checkContinue', onRequest);
  endBrokenRequests(server);
  await listen(server, port);
  return {
    async stop() {
      stopping = true;
      // `http.Server.close` would cut idle connections at once, under a request that may already be on its way.
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      const idle = setInterval(() => server.closeIdleConnections(), idleGraceMs);
      const forced = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearInterval(idle);
      clearTimeout(forced);
      agent.destroy();
    },
  };
}

/** A request line may have a whole URL (`GET http://localhost/emails`); functions get only its path. */
function originForm(request: IncomingMessage): string {
  if (request.url?.startsWith('/')) return request.url;
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
  request.url = url ? url.pathname + url.search : '/';
  return request.url;
}

/** The proxy's own `xfwd` keeps the client's X-Forwarded-For unchanged, but its last entry must be the address that we saw. */
function addForwardedHeaders({ headers, socket }: IncomingMessage): void {
  headers['x-forwarded-for'] = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ');
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-host'] = headers.host ?? 'localhost';
}

/**
 * A function refuses a large body without reading it, and its answer would be lost when the write of the rest fails. So for a large
 * body, or when the client itself expects a 100 answer, the gateway asks the function before it sends the body.
 */
function asksFirst(request: IncomingMessage): boolean {
  const { headers } = request;
  const asked = headers.expect !== undefined;
  if (asked) waitsForContinue.add(request);
  // The header is set again below; if it were set now, the proxy would not give us the request.
  delete headers.expect;
  return asked || headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > smallBody;
}

function askFirst(onward: ClientRequest, request: IncomingMessage, response: ServerResponse, body: PassThrough): void {
  let goesOn = false;
  onward.setHeader('Expect', '100-continue');
  onward.flushHeaders();
  onward.once('continue', () => {
    goesOn = true;
    if (waitsForContinue.has(request)) response.writeContinue();
    request.pipe(body);
  });
  onward.once('response', (refusal) => refusal.once('end', () => goesOn || onward.destroy()));
}

/** A body of unknown length may be cut off half-way; then the function's refusal is lost with the connection. */
function stoppedReading(request: IncomingMessage, error: NodeJS.ErrnoException): boolean {
  return !request.complete && !request.destroyed && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

function whyNoAnswer(name: PublicFunction, error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED'
    ? `The function "${name}" is not running at the moment`
    : `The function "${name}" ended before it answered; whether it did what was asked is not known`;
}

/** What functions call the same. */
const codes = {
  400: 'malformed_request',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'content_too_large',
  503: 'unavailable',
} as const;

function problem(response: ServerResponse, status: keyof typeof codes, detail: string, headers = {}): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const request_id = requestIdOf(response.req.headers);
  response.writeHead(status, {
    'Content-Type': problemTypeFor(response.req.headers),
    Vary: 'Accept',
    'Cache-Control': 'no-store',
    ...(status === 503 ? { 'Retry-After': '1' } : {}),
    'X-Request-Id': request_id,
    ...headers,
  });
  const said = { type: 'about:blank', title: STATUS_CODES[status], status, detail, request_id };
  response.end(JSON.stringify({ ...said, name: codes[status], message: detail, statusCode: status }));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, resolve);
  });
}
