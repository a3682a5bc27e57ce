// The routes of the manage function: a client's templates, suppressions, webhooks and API keys.
import { apiKeyRoutes } from './api-keys/routes.ts';
import { suppressionRoutes } from './suppressions/routes.ts';
import { templateRoutes } from './templates/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export const manageRoutes = { ...suppressionRoutes, ...templateRoutes, ...webhookRoutes, ...apiKeyRoutes };
