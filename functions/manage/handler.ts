// What the handlers of the manage function are given.
import type { AccessToken, Scope } from '../../lib/auth/access-token.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import type { Route } from '../../lib/http/route.ts';
import type { AllowedRanges } from '../../lib/http/webhook-target.ts';
import type { Sql } from '../../lib/store/database.ts';

export interface ManageDependencies {
  checkToken: (authorization: string | undefined, scope: Scope) => Promise<AccessToken>;
  sql: Sql;
  /** Addresses that webhooks may lead to although they are not public. */
  allowedAddresses: AllowedRanges;
}

export type Handler = (request: Request, client: AccessToken, dependencies: ManageDependencies) => Promise<Reply>;
/** A handler for clients with the scope: `basic` reads, `email` changes. */
export type Authorized = (scope: Scope, handler: Handler) => Route['handle'];
