// The table of which function answers which path, made from the functions' routes, for the gateway of `npm start` and the Caddyfile of Docker.
import { commonPaths } from '../../lib/http/common-routes.ts';
import type { Route } from '../../lib/http/route.ts';
import { otherwise, type PublicFunction, publicRoutes } from './public-functions.ts';

export interface GatewayRoute {
  /** `{id}` stands for one segment. */
  path: string;
  /** If it is set, other methods go on to the next line that fits; otherwise the function itself answers 405. */
  method?: Route['method'];
  to: PublicFunction;
}

type Owned = Pick<Route, 'method' | 'path'> & { to: PublicFunction };

/** For whoever runs the functions, not for their clients. */
export const unrouted: readonly string[] = Object.values(commonPaths);

/** The first line that fits wins; `otherwise` answers everything else. */
export const routes: readonly GatewayRoute[] = gatewayTable(ownedRoutes());

/** Undefined if no function may answer. */
export function functionFor(method: string, path: string): PublicFunction | undefined {
  if (unrouted.includes(path)) return undefined;
  const wanted = method === 'HEAD' ? 'GET' : method;
  return matchers.find((route) => route.pattern.test(path) && (route.method ?? wanted) === wanted)?.to ?? otherwise;
}

const matchers = routes.map((route) => ({
  ...route,
  pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll('{id}', '[^/]+')}$`),
}));

function ownedRoutes(): Owned[] {
  return (Object.keys(publicRoutes) as PublicFunction[]).flatMap((to) =>
    Object.values(publicRoutes[to]).map(({ method, path }) => ({
      method,
      path: path.replaceAll(/\{\w+\}/g, '{id}'),
      to,
    })),
  );
}

/** A line for each path, or for each method of a path that also fits routes of another function. Throws if two functions have the same route. */
export function gatewayTable(owned: readonly Owned[]): GatewayRoute[] {
  const lines = new Map<string, GatewayRoute>();
  for (const { method, path, to } of owned) {
    const rivals = owned.filter((other) => other.to !== to && mayMeet(path, other.path));
    const rival = rivals.find((other) => other.method === method);
    if (rival) throw new Error(`${to} and ${rival.to} both answer ${method} ${path}`);
    if (to === otherwise) continue;
    const line = rivals.length > 0 ? { path, method, to } : { path, to };
    lines.set(JSON.stringify(line), line);
  }
  return [...lines.values()];
}

/** Whether there is a path that fits both. */
function mayMeet(one: string, other: string): boolean {
  const segments = one.split('/');
  const others = other.split('/');
  return (
    segments.length === others.length &&
    segments.every((part, index) => [part, others[index]].includes('{id}') || part === others[index])
  );
}
