// The routes of the manage function: a client's templates, suppressions and webhooks.
import { suppressionRoutes } from './suppressions/routes.ts';
import { templateRoutes } from './templates/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export const manageRoutes = { ...suppressionRoutes, ...templateRoutes, ...webhookRoutes };
