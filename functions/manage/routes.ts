// The routes of the manage function: what a client keeps here beside its emails.
import { databaseError } from '../../lib/http/database-error.ts';
import type { Route } from '../../lib/http/route.ts';
import type { Authorized, ManageDependencies } from './handler.ts';
import { suppressionRoutes } from './suppressions/routes.ts';
import { templateRoutes } from './templates/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export function createManageRoutes(dependencies: ManageDependencies): Route[] {
  const authorized: Authorized = (scope, handler) => async (request) => {
    const client = await dependencies.checkToken(request.headers.authorization, scope);
    return handler(request, client, dependencies).catch((error) => {
      throw databaseError(error);
    });
  };
  return [
    ...suppressionRoutes(authorized),
    ...templateRoutes(authorized),
    ...webhookRoutes(authorized, dependencies.allowedAddresses),
  ];
}
