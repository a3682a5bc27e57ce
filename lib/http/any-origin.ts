// CORS (the Fetch standard) for documents that anybody may read: scripts of any page get them. Nothing else here answers scripts of other pages.
import type { Reply } from './exchange.ts';
import type { Route } from './route.ts';

/** How long a browser need not ask again, in seconds; most keep it for two hours at most. */
const maxAge = 7_200;

/** With every answer of such a route. No credentials: with a token of the page's own user, `*` is worth nothing to a browser. */
export const anyOriginHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag, X-Request-Id',
};

/** Answers what a browser asks before the request itself (a preflight), and OPTIONS of others. */
export function preflightRoute<Scope extends string, Client, Dependencies>({
  path,
}: Pick<Route, 'path'>): Route<Scope, Client, Dependencies> {
  return {
    method: 'OPTIONS',
    path,
    anyOrigin: true,
    handle: async (): Promise<Reply> => ({
      status: 204,
      headers: {
        allow: 'GET, HEAD, OPTIONS',
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-allow-headers': '*',
        'access-control-max-age': String(maxAge),
      },
    }),
  };
}
