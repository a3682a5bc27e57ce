// What a function is to its host: its routes and what they work with, and what is hosted of it.
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpFunction } from '@google-cloud/functions-framework';
import type { Log } from '../process/log.ts';
import type { Metrics } from '../process/metrics.ts';
import type { TrustedProxies } from './caller-address.ts';
import type { Reply } from './exchange.ts';
import type { Routes } from './route.ts';

export interface FunctionDefinition<Scope extends string, Client, Dependencies> {
  name: string;
  log: Log;
  metrics: Metrics;
  routes: Routes<Scope, Client, Dependencies>;
  /** What the handlers work with. */
  dependencies: Dependencies;
  /** Who asks, by the `Authorization` header; throws unless that is known and what the route needs is granted. For routes with a scope. */
  authenticate?: (
    presented: { authorization: string | undefined; network: () => string },
    needed: { scope: Scope; orScope?: string | undefined },
  ) => Promise<Client>;
  /** Most bytes that a request body may have. */
  maxBodyBytes: number;
  /** Who may say for whom it asks; where not said, whoever is in a private network. */
  trustedProxies?: TrustedProxies;
  /** What `GET /readyz` asks, by name; a check that throws makes it 503. */
  ready: Record<string, () => Promise<unknown>>;
  /** Background work (consuming, rounds of dispatch); where a FaaS host imports the bundle, it begins with the first call. */
  start?: () => void;
  /** Called once nothing is under way any more: closes queue, database and the like. */
  close: () => Promise<void>;
  /** The answer to what was thrown; problem details unless the function's standard has another form. */
  errorReply?: (
    thrown: unknown,
    request: { path: string; address: string; headers: IncomingHttpHeaders; requestId: string },
  ) => Reply;
}

export interface HostedFunction {
  /** What a FaaS host calls. */
  handler: HttpFunction;
  /** Starts our own server around the handler, unless a FaaS host has only imported the bundle. */
  listenIfMain(importMetaUrl: string, settings: ListenSettings): void;
}

export interface ListenSettings {
  PORT: number;
  FUNCTIONS_CUSTOMHANDLER_PORT?: number | undefined;
  HOST: string;
  BODY_MEMORY_BYTES?: number | undefined;
}
