// The routes of the manage function: what a client keeps here beside its emails.
import { suppressionRoutes } from './suppressions/routes.ts';
import { templateRoutes } from './templates/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export const manageRoutes = { ...suppressionRoutes, ...templateRoutes, ...webhookRoutes };
