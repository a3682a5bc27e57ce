// Hosts a function on the functions framework: health routes, bounded bodies, errors in our own form, and a drain before the end.
import { realpathSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { type HttpFunction, http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { Log } from '../process/log.ts';
import { type Metrics, requestMetric } from '../process/metrics.ts';
import { onShutdown } from '../process/shutdown.ts';
import { readBody, tooLarge } from './body.ts';
import { commonRoutes } from './common-routes.ts';
import { databaseError } from './database-error.ts';
import { type ApiError, problemReply, toApiError } from './errors.ts';
import type { Reply, Request } from './exchange.ts';
import { checkMediaType } from './media-type.ts';
import { writeReply } from './reply.ts';
import { createRouter, type Match, type Route } from './route.ts';

export interface FunctionDefinition {
  name: string;
  log: Log;
  metrics: Metrics;
  routes: readonly Route[];
  /** Most bytes that a request body may have. */
  maxBodyBytes: number;
  /** What `GET /readyz` asks, by name; a check that throws makes it 503. */
  ready: Record<string, () => Promise<unknown>>;
  /** Background work of a process of our own (consuming, rounds of dispatch); a FaaS host that imports the bundle never starts it. */
  start?: () => void;
  /** Called once nothing is under way any more: closes queue, database and the like. */
  close: () => Promise<void>;
  /** The form of an error's answer; problem details unless the function's standard has another. */
  errorReply?: (error: ApiError, path: string) => Reply;
}

export interface HostedFunction {
  /** What a FaaS host calls. */
  handler: HttpFunction;
  /** Starts our own server around the handler, unless a FaaS host has only imported the bundle. */
  listenIfMain(importMetaUrl: string, address: { PORT: number; HOST: string }): void;
}

/** A request whose route was found and whose body was read before the framework saw it, where the server is ours. */
type FrameworkRequest = IncomingMessage & { rawBody?: Buffer; match?: Match };

/** Longer than a gateway keeps an idle connection, so that it is never us who close one under a request. */
const keepAliveMs = 75_000;
/** How long a client's kept-alive connection may stay idle once we drain. */
const idleGraceMs = 1_000;

/**
 * How far the heap may grow beyond what is in use before V8 looks for what is not, in percent; left alone it may grow to several times that. Express sets the
 * prototype of every request, which makes it outlive V8's quick collections: under load that is most of the heap.
 */
const heapGrowthPercent = 180;

/** A body that no route takes is passed over up to here. */
const mostIgnoredBytes = 64_000;

export function hostFunction(definition: FunctionDefinition): HostedFunction {
  const { name, log, metrics, maxBodyBytes, errorReply = problemReply } = definition;
  const stopping = new AbortController();
  const duration = requestMetric(metrics);
  const findRoute = createRouter([...commonRoutes(definition, stopping.signal), ...definition.routes]);
  let underWay = 0;
  let signalsOwned = false;

  /** Everything that can be said before the body is parsed; leaves the body where the framework puts it, too. */
  async function admit(request: FrameworkRequest): Promise<void> {
    request.match = findRoute(request.method ?? 'GET', pathOf(request));
    const { route } = request.match;
    if (request.rawBody !== undefined) return;
    if (route.accepts) {
      checkMediaType(request.headers, route.accepts);
      request.rawBody = await readBody(request, maxBodyBytes);
    } else if (hasBody(request.headers)) {
      // Nobody asked for it. Left to the framework, it would be parsed, and the framework would answer what is wrong with it.
      await readBody(request, mostIgnoredBytes);
    }
  }

  async function answer(request: FrameworkRequest): Promise<Reply> {
    const path = pathOf(request);
    const { method = 'GET' } = request;
    let routePath = '';
    const startedAt = performance.now();
    const observed = (reply: Reply) => {
      duration.observe({ method, route: routePath, status: reply.status }, (performance.now() - startedAt) / 1000);
      return reply;
    };
    try {
      const { route, params } = request.match ?? findRoute(method, path);
      routePath = route.path;
      if (route.accepts) checkMediaType(request.headers, route.accepts);
      const body = request.rawBody ?? Buffer.alloc(0);
      if (body.length > maxBodyBytes) throw tooLarge(maxBodyBytes);
      return observed(await route.handle(toRequest(request, { path, params, body, stopping: stopping.signal })));
    } catch (error) {
      return observed(replyTo(error, request));
    }
  }

  function replyTo(thrown: unknown, request: IncomingMessage): Reply {
    const error = toApiError(databaseError(thrown));
    if (error.status >= 500)
      log.error(error.message, { method: request.method, path: pathOf(request), cause: error.cause });
    return errorReply(error, pathOf(request));
  }

  function send(response: ServerResponse, reply: Reply): void {
    writeReply(
      response,
      stopping.signal.aborted ? { ...reply, headers: { ...reply.headers, connection: 'close' } } : reply,
    );
  }

  const handler: HttpFunction = async (request: FrameworkRequest, response: ServerResponse) => {
    ownSignalsUnderForeignHost();
    underWay += 1;
    send(response, await answer(request));
    underWay -= 1;
  };
  http(name, handler);

  /** Where a FaaS host imported the bundle, the server is not ours, but what has been taken on is still finished. */
  function ownSignalsUnderForeignHost(): void {
    if (signalsOwned) return;
    definition.start?.();
    signalsOwned = true;
    onShutdown(log, async () => {
      stopping.abort();
      await waitUntil(() => underWay === 0);
      await definition.close();
    });
  }

  function listen({ PORT, HOST }: { PORT: number; HOST: string }): void {
    setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent}`);
    const server = getTestServer(name);
    const [framework] = server.listeners('request') as [(request: IncomingMessage, response: ServerResponse) => void];
    const onRequest = (request: FrameworkRequest, response: ServerResponse) => {
      admit(request).then(
        () => framework(request, response),
        (error) => send(response, replyTo(error, request)),
      );
    };
    server.removeAllListeners('request');
    server.on('request', onRequest);
    // curl and others ask before they send a large body: say no before it travels.
    server.on('checkContinue', (request: FrameworkRequest, response: ServerResponse) => {
      if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
        send(response, replyTo(tooLarge(maxBodyBytes), request));
      } else {
        response.writeContinue();
        onRequest(request, response);
      }
    });
    server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    server.on('error', (error) => {
      log.error(`cannot listen on port ${PORT}`, { error });
      process.exit(1);
    });
    server.keepAliveTimeout = keepAliveMs;
    server.listen(PORT, HOST, () => log.info('listening', { address: server.address() }));
    definition.start?.();
    signalsOwned = true;
    onShutdown(log, async () => {
      stopping.abort();
      await drainServer(server);
      await definition.close();
    });
  }

  return {
    handler,
    listenIfMain(importMetaUrl, address) {
      if (isMain(importMetaUrl)) listen(address);
    },
  };
}

function toRequest(request: IncomingMessage, known: Pick<Request, 'path' | 'params' | 'body' | 'stopping'>): Request {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return {
    method: request.method ?? 'GET',
    ...known,
    query: new URLSearchParams(request.url?.split('?')[1] ?? ''),
    headers: request.headers,
    // The last entry is the one our own gateway appended; those before it are the client's to invent.
    address: forwarded || (request.socket.remoteAddress ?? ''),
  };
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** True when the module was started with `node index.mjs`, not imported by a host. */
function isMain(importMetaUrl: string): boolean {
  const entry = process.argv[1];
  return entry !== undefined && realpathSync(entry) === fileURLToPath(importMetaUrl);
}

/**
 * Takes no new connections, answers what still comes on open ones (with `Connection: close`), and ends when all are gone.
 * `http.Server.close` would cut idle connections at once, under a request that may already be on its way.
 */
function drainServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const closeIdle = setInterval(() => server.closeIdleConnections(), idleGraceMs);
    NetServer.prototype.close.call(server, () => {
      clearInterval(closeIdle);
      resolve();
    });
  });
}

function waitUntil(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const poll = setInterval(() => {
      if (!condition()) return;
      clearInterval(poll);
      resolve();
    }, 20);
  });
}
