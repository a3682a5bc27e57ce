// Routes as a table, and the router that finds the route of a request.
import { ApiError } from './errors.ts';
import type { Reply, Request } from './exchange.ts';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in `/emails/{id}/events`; one `{name}` matches one segment. */
  path: string;
  /** Media types that the body may have; a route without takes no body. */
  accepts?: readonly string[];
  handle: (request: Request) => Promise<Reply>;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Compiles a table of routes. The result finds the route of a request, or throws `not_found` or `method_not_allowed` (with `Allow`). */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const compiled = routes.map((route) => ({ route, segments: route.path.split('/') }));
  return (method, path) => {
    const segments = path.split('/');
    const matches = compiled.flatMap(({ route, segments: pattern }) => {
      const params = matchPath(pattern, segments);
      return params ? [{ route, params }] : [];
    });
    if (matches.length === 0) throw new ApiError('not_found', `There is no ${path} here.`);
    const wanted = method === 'HEAD' ? 'GET' : method;
    const match = matches.find(({ route }) => route.method === wanted);
    if (match) return match;
    const allow = matches.map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : route.method)).join(', ');
    throw new ApiError('method_not_allowed', `${path} answers ${allow} only.`, { headers: { allow } });
  };
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
