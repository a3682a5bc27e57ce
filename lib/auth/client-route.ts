// Routes for clients: a caller needs an access token with the route's scope.
import type { Request } from '../http/exchange.ts';
import { declare, type Routes } from '../http/route.ts';
import type { AccessToken, Scope } from './access-token.ts';

/** What the handler of a route with a scope gets. */
export type ClientRequest<Query = undefined, Body = undefined> = Request<AccessToken, Query, Body>;

export type ClientRoutes<Dependencies> = Routes<Scope, AccessToken, Dependencies>;

/** Returns the function that declares a route for clients. */
export function clientRoute<Dependencies>() {
  return declare<Scope, AccessToken, Dependencies>();
}
