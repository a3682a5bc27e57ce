// Hosts a function on the functions framework: health routes, bounded bodies, errors in our own form, and a drain before the end.
import { realpathSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { type HttpFunction, http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { requestMetric } from '../process/metrics.ts';
import { onShutdown } from '../process/shutdown.ts';
import { anyOriginHeaders, preflightRoute } from './any-origin.ts';
import { checkLength, dropBody, tooLarge } from './body.ts';
import { readBody } from './body-reader.ts';
import { endBrokenRequests } from './broken-request.ts';
import { callerAddress, privateProxies } from './caller-address.ts';
import { commonRoutes } from './common-routes.ts';
import { compress } from './compress.ts';
import { databaseError } from './database-error.ts';
import { drainServer, waitUntil } from './drain.ts';
import { problemReply, toApiError } from './errors.ts';
import type { Reply } from './exchange.ts';
import type { FunctionDefinition, HostedFunction, ListenSettings } from './function-definition.ts';
import { countLeft, type HostRequest, leftBody } from './left-body.ts';
import { checkMediaType } from './media-type.ts';
import { createHold, createRequestMemory, type Hold, mostSmallBytes } from './memory.ts';
import { oneAtATime } from './pipeline.ts';
import { checkQuery } from './query.ts';
import { underMount, writeReply } from './reply.ts';
import { isOnSocket, lengthOf, mountOf, networkOf, pathOf, queryOf } from './request-head.ts';
import { requestIdHeader, requestIdOf } from './request-id.ts';
import { checkRequestLine } from './request-line.ts';
import { createRouter, type Match, type Route } from './route.ts';

/** What is known of a request before its body is read. */
interface Admitted<Scope extends string, Client, Dependencies> extends Match<Route<Scope, Client, Dependencies>> {
  client: Client | undefined;
}

/** Longer than a gateway keeps an idle connection, so that it is never us who close one under a request. */
const keepAliveMs = 75_000;
/**
 * How far the heap may grow beyond what is in use before V8 looks for what is not, in percent; left alone it may grow to several times that. Express sets the
 * prototype of every request, which makes it outlive V8's quick collections: under load that is most of the heap.
 */
const heapGrowthPercent = 180;

/** A body that no route takes is passed over up to here. */
const mostIgnoredBytes = 64_000;
const noBytes = Buffer.alloc(0);

export function hostFunction<
  Scope extends string = never,
  Client extends { clientId: string } | undefined = undefined,
  Dependencies = undefined,
>(definition: FunctionDefinition<Scope, Client, Dependencies>): HostedFunction {
  /** Where the server is ours, the request is admitted and its body read before the framework sees it. */
  type FrameworkRequest = HostRequest & {
    bytes?: Buffer;
    arrivedAt?: number;
    routePath?: string;
    requestId?: string;
    anyOrigin?: true | undefined;
    admitted?: Admitted<Scope, Client, Dependencies>;
    hold?: Hold;
  };

  const { name, log, metrics, maxBodyBytes, dependencies, authenticate, errorReply = problemReply } = definition;
  const { trustedProxies = privateProxies } = definition;
  const routes = Object.values(definition.routes);
  if (authenticate === undefined && routes.some(({ scope }) => scope !== undefined))
    throw new Error(`${name} has routes with a scope, and nothing that checks it`);
  const stopping = new AbortController();
  const duration = requestMetric(metrics);
  const findRoute = createRouter([
    ...commonRoutes<Scope, Client, Dependencies>(definition, stopping.signal),
    ...routes,
    ...routes.filter(({ anyOrigin }) => anyOrigin).map(preflightRoute<Scope, Client, Dependencies>),
  ]);
  let memory = createRequestMemory();
  let underWay = 0;
  let signalsOwned = false;

  /** All that is refused by the headers alone: whoever may not come in has no byte of a body read. */
  async function admit(request: FrameworkRequest): Promise<Admitted<Scope, Client, Dependencies>> {
    request.arrivedAt = performance.now();
    checkRequestLine(request);
    const { route, params } = findRoute(request.method ?? 'GET', pathOf(request));
    request.routePath = route.path;
    request.anyOrigin = route.anyOrigin;
    const { scope, orScope, body } = route;
    checkLength(request, limitOf(route));
    const { authorization } = request.headers;
    const network = () => networkOf(callerAddress(request, trustedProxies));
    const client = scope && (await authenticate?.({ authorization, network }, { scope, orScope }));
    if (body) checkMediaType(request.headers, body.types);
    return { route, params, client };
  }

  /** Whoever may come in has the body read, or what the host left of it counted. `goOn` tells a client that waits for it to send its body. */
  async function receive(request: FrameworkRequest, goOn?: () => void): Promise<void> {
    const admitted = await admit(request);
    request.admitted = admitted;
    const { route, client } = admitted;
    const left = leftBody(request);
    if (left === undefined) return goOn?.();
    const hold = holdOf(request, client);
    const limit = limitOf(route);
    // Nobody asked for a body where the route has none. Left to the framework, it would be parsed, and the framework would answer what is wrong with it.
    const bytes =
      left === 'unread'
        ? await readBody(request, { limit, claim: hold.forBody(lengthOf(request.headers)), goOn })
        : countLeft(left, limit, hold);
    if (!route.body) return;
    request.bytes = bytes;
    await hold.forWork(bytes.length);
  }

  function limitOf({ body }: Route<Scope, Client, Dependencies>): number {
    return body ? Math.min(maxBodyBytes, body.maxBytes ?? maxBodyBytes) : mostIgnoredBytes;
  }

  function idOf(request: FrameworkRequest): string {
    request.requestId ??= requestIdOf(request.headers);
    return request.requestId;
  }

  function holdOf(request: FrameworkRequest, client: Client | undefined): Hold {
    request.hold ??= createHold(memory, client?.clientId ?? networkOf(callerAddress(request, trustedProxies)));
    return request.hold;
  }

  async function answer(request: FrameworkRequest): Promise<Reply> {
    try {
      const { route, params, client } = request.admitted ?? (await admit(request));
      const { headers, method = 'GET', bytes = noBytes } = request;
      const reply = await route.handle(
        {
          method,
          path: pathOf(request),
          params,
          headers,
          requestId: idOf(request),
          address: callerAddress(request, trustedProxies),
          stopping: stopping.signal,
          makeRoom: async (bytes) => holdOf(request, client).forAnswer(bytes),
          client,
          query: route.query && checkQuery(route.query, queryOf(request)),
          body: route.body?.parse(bytes, headers),
        },
        dependencies,
      );
      observe(request, reply);
      return await compress(underMount(reply, mountOf(request)), method, headers);
    } catch (thrown) {
      return refuse(thrown, request);
    }
  }

  /** The one place where errors become answers, and where a database that is away becomes 503. */
  function refuse(thrown: unknown, request: FrameworkRequest): Reply {
    const error = databaseError(thrown);
    const path = mountOf(request) + pathOf(request);
    const { headers } = request;
    const requestId = idOf(request);
    const reply = errorReply(error, { path, address: callerAddress(request, trustedProxies), headers, requestId });
    if (reply.status >= 500) {
      const { message, cause } = toApiError(error);
      // The route, not the path: an address may stand in it.
      log.error(message, {
        method: request.method,
        path: request.routePath,
        request_id: requestId,
        cause,
      });
    }
    observe(request, reply);
    return reply;
  }

  function observe({ method = 'GET', routePath = '', arrivedAt }: FrameworkRequest, { status }: Reply): void {
    const now = performance.now();
    duration.observe({ method, route: routePath, status }, (now - (arrivedAt ?? now)) / 1000);
  }

  function send(request: FrameworkRequest, response: ServerResponse, reply: Reply): void {
    const headers = {
      ...reply.headers,
      [requestIdHeader]: idOf(request),
      ...(request.anyOrigin && anyOriginHeaders),
      ...(stopping.signal.aborted && { connection: 'close' }),
    };
    const length = writeReply(response, { ...reply, headers });
    // Where there is no connection, an answer is the host's as soon as it is written.
    const isAway = response.destroyed || !isOnSocket(response);
    if (length <= mostSmallBytes || isAway) {
      request.hold?.release();
      return;
    }
    const hold = holdOf(request, request.admitted?.client);
    hold.keepAnswer(length);
    response.on('close', hold.release);
  }

  const inTurn = oneAtATime();
  const handler: HttpFunction = async (request: FrameworkRequest, response: ServerResponse) => {
    if (request.admitted) send(request, response, await answer(request));
    else await answerForHost(request, response);
  };
  http(name, handler);

  /** The host may have read the body, or not; it may have a connection, or not. */
  function answerForHost(request: FrameworkRequest, response: ServerResponse): Promise<void> {
    ownSignalsUnderForeignHost();
    return new Promise((resolve, reject) => {
      const begin = () => {
        underWay += 1;
        receive(request)
          .then(
            async () => send(request, response, await answer(request)),
            (error) => {
              send(request, response, refuse(error, request));
              if (isOnSocket(request)) dropBody(request, Math.max(maxBodyBytes, mostIgnoredBytes));
            },
          )
          .finally(() => {
            underWay -= 1;
          })
          .then(resolve, reject);
      };
      if (isOnSocket(request) && Number(request.httpVersionMajor) === 1) inTurn(request, response, begin);
      else begin();
    });
  }

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

  function listen({ PORT, FUNCTIONS_CUSTOMHANDLER_PORT: port = PORT, HOST, BODY_MEMORY_BYTES }: ListenSettings): void {
    memory = createRequestMemory(BODY_MEMORY_BYTES);
    setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent}`);
    const server = getTestServer(name);
    const [framework] = server.listeners('request') as [(request: IncomingMessage, response: ServerResponse) => void];
    const onRequest = (request: FrameworkRequest, response: ServerResponse, goOn?: () => void) =>
      inTurn(request, response, () => {
        receive(request, goOn).then(
          () => framework(request, response),
          (error) => {
            send(request, response, refuse(error, request));
            dropBody(request, Math.max(maxBodyBytes, mostIgnoredBytes));
          },
        );
      });
    server.removeAllListeners('request');
    server.on('request', (request: FrameworkRequest, response: ServerResponse) => onRequest(request, response));
    // curl and others ask before they send a large body: say no before it travels.
    server.on('checkContinue', (request: FrameworkRequest, response: ServerResponse) => {
      if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
        inTurn(request, response, () => send(request, response, refuse(tooLarge(maxBodyBytes), request)));
      } else {
        onRequest(request, response, () => response.writeContinue());
      }
    });
    endBrokenRequests(server);
    server.on('error', (error) => {
      log.error(`cannot listen on port ${port}`, { error });
      process.exit(1);
    });
    server.keepAliveTimeout = keepAliveMs;
    server.listen(port, HOST, () => log.info('listening', { address: server.address() }));
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
    listenIfMain(importMetaUrl, settings) {
      if (isMain(importMetaUrl)) listen(settings);
    },
  };
}

/** True when the module was started with `node index.mjs`, not imported by a host. */
function isMain(importMetaUrl: string): boolean {
  const entry = process.argv[1];
  return entry !== undefined && realpathSync(entry) === fileURLToPath(importMetaUrl);
}
