// One POST to an endpoint: to an address that was checked, without redirects, proxies or cookies, within a time, whatever comes back.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type AllowedRanges, faultOfAddress, faultOfUrl, hostOf } from '../../lib/http/webhook-target.ts';
import { type Address, createResolve, type Resolve } from './resolve.ts';

/** The result: the status of the answer, or why there was none. */
export type Posted = { status: number; retryAfter: string | undefined } | { reason: string };

export interface PostOptions {
  /** For all of it: name, connection, answer. */
  timeoutMs: number;
  allowed: AllowedRanges;
  resolve?: Resolve;
}

/** Most bytes of an answer that we read, out of courtesy; we do not use them. */
const answerLimit = 4_096;

const resolveBySystem = createResolve();

/** Own agents: Node's would keep connections, and may be told by the environment to go through a proxy. */
const agents = { 'http:': new HttpAgent(), 'https:': new HttpsAgent() };

/** Posts JSON. Never rejects: an unreachable endpoint is an expected result. */
export async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  { timeoutMs, allowed, resolve = resolveBySystem }: PostOptions,
): Promise<Posted> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const fault = faultOfUrl(url, allowed);
    if (fault !== undefined) return { reason: `the URL ${fault}` };
    const target = new URL(url);
    const addresses = await within(signal, resolve(hostOf(target)));
    // One forbidden address rules out all: we cannot tell which of them would answer.
    for (const { address } of addresses) {
      const refusal = faultOfAddress(address, target.protocol === 'http:', allowed);
      if (refusal !== undefined) return { reason: `the URL ${refusal}` };
    }
    return await exchange(target, addresses, headers, body, signal);
  } catch (error) {
    return { reason: signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error) };
  }
}

/** Connects only to `addresses`: the name is not looked up again, so its owner cannot change the address after the check. */
function exchange(
  target: URL,
  addresses: Address[],
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<Posted> {
  const [first] = addresses;
  if (first === undefined) return Promise.resolve({ reason: 'the host has no address' });
  const toChecked: LookupFunction = (_host, options, callback) => {
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  };
  const isHttps = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (isHttps ? requestHttps : requestHttp)({
      method: 'POST',
      hostname: hostOf(target),
      ...(target.port !== '' && { port: target.port }),
      path: target.pathname + target.search,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'email-api webhooks',
        ...headers,
      },
      agent: isHttps ? agents['https:'] : agents['http:'],
      lookup: toChecked,
      signal,
    });
    request.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      readAway(response);
    });
    // The server wants to switch protocols; without this listener, nobody would notice.
    request.on('upgrade', (response, socket) => {
      resolve({ status: response.statusCode ?? 0, retryAfter: undefined });
      socket.destroy();
    });
    request.on('error', reject);
    request.on('close', () => reject(new Error('the connection was closed')));
    request.end(body);
  });
}

/** Reads the answer up to the limit, for endpoints that must write it before they finish; then closes the connection. */
function readAway(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerLimit) response.destroy();
  });
  // We have the status; errors of the rest do not matter.
  response.on('error', () => {});
}

/** A look-up cannot be called off, but nobody waits for it. */
function within<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/** Describes the error by its code, because a system error's text may hold addresses. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  // As in `queryA`: it was a name server that gave no answer.
  const isLookup = error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('query');
  if (isLookup) return `the host cannot be found (${code})`;
  if (code !== undefined) return `no answer (${code})`;
  return error instanceof Error ? error.message : 'no answer';
}
