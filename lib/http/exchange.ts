// HTTP as a function sees it: a request and its reply as plain values.
import type { IncomingHttpHeaders } from 'node:http';

/** What a handler is given. `Client` is who asks, `Query` and `Body` what the route's `query` and `body` make of theirs. */
export interface Request<Client = undefined, Query = undefined, Body = undefined> {
  method: string;
  /** Path without query. */
  path: string;
  /** Values of the `{name}` parts of the route's path. */
  params: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** What log lines of this request have, and its answer. */
  requestId: string;
  /** Address of the client as the gateway saw it. */
  address: string;
  /** Aborts when the process is told to end: a handler that waits answers then. */
  stopping: AbortSignal;
  /** Waits until there is room in memory for an answer of so many bytes: before a handler reads much from the database. */
  makeRoom(bytes: number): Promise<void>;
  client: Client;
  query: Query;
  body: Body;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** An object is written as JSON, a string or Buffer as it is, undefined as no body. */
  body?: unknown;
}
