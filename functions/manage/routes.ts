// The routes of the manage function: what a client keeps here beside its emails.
import type { AccessToken, Scope } from '../../lib/access-token.ts';
import { databaseError, type Sql } from '../../lib/db.ts';
import type { Reply, Request, Route } from '../../lib/http.ts';
import type { AllowedRanges } from '../../lib/webhooks/target.ts';
import { suppressionRoutes } from './suppressions/routes.ts';
import { templateRoutes } from './templates/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export interface ManageDependencies {
  checkToken: (authorization: string | undefined, scope: Scope) => Promise<AccessToken>;
  sql: Sql;
  /** Addresses that webhooks may lead to although they are not public. */
  allowedAddresses: AllowedRanges;
}

export type Story = (request: Request, client: AccessToken, dependencies: ManageDependencies) => Promise<Reply>;
/** A handler for clients with the scope: `basic` reads, `email` changes. */
export type Authorized = (scope: Scope, story: Story) => Route['handle'];

export function createManageRoutes(dependencies: ManageDependencies): Route[] {
  const authorized: Authorized = (scope, story) => async (request) => {
    const client = await dependencies.checkToken(request.headers.authorization, scope);
    return story(request, client, dependencies).catch((error) => {
      throw databaseError(error);
    });
  };
  return [
    ...suppressionRoutes(authorized),
    ...templateRoutes(authorized),
    ...webhookRoutes(authorized, dependencies.allowedAddresses),
  ];
}
