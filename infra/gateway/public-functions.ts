// The functions that the public reaches, each with its routes: the gateways and the API's document are made from them.
import { consoleRoutes } from '../../functions/console/routes.ts';
import { historyRoutes } from '../../functions/history/routes.ts';
import { intakeRoutes } from '../../functions/intake/routes.ts';
import { manageRoutes } from '../../functions/manage/routes.ts';
import { sendRoutes } from '../../functions/send/routes.ts';
import { tokenRoutes } from '../../functions/token/routes.ts';

export const publicRoutes = {
  token: tokenRoutes,
  send: sendRoutes,
  manage: manageRoutes,
  history: historyRoutes,
  intake: intakeRoutes,
  console: consoleRoutes,
};
export type PublicFunction = keyof typeof publicRoutes;

/** Answers requests without a route: 404. */
export const otherwise: PublicFunction = 'history';
