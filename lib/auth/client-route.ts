// Routes for clients: a caller needs an access token or an API key with the route's scope.
import type { Request } from '../http/exchange.ts';
import { declare, type Routes } from '../http/route.ts';
import type { Caller, Scope } from './caller.ts';

/** What the handler of a route with a scope gets. */
export type ClientRequest<Query = undefined, Body = undefined> = Request<Caller, Query, Body>;

export type ClientRoutes<Dependencies> = Routes<Scope, Caller, Dependencies>;

/** Returns the function that declares a route for clients. */
export function clientRoute<Dependencies>() {
  return declare<Scope, Caller, Dependencies>();
}
