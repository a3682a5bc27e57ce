// The table of which function answers which path, made from the functions' routes, for the gateway of `npm start` and the Caddyfile of Docker.
import { commonPaths } from '../../lib/http/common-routes.ts';
import { allowed, type Route } from '../../lib/http/route.ts';
import { otherwise, type PublicFunction, publicRoutes } from './public-functions.ts';

export interface GatewayRoute {
  /** `{id}` stands for one segment. */
  path: string;
  /** If it is set, the path is shared, and the gateway answers for other methods; otherwise the function itself answers 405. */
  method?: Route['method'];
  to: PublicFunction;
}

type Owned = Pick<Route, 'method' | 'path'> & { to: PublicFunction };

/** For whoever runs the functions, not for their clients. */
export const unrouted: readonly string[] = Object.values(commonPaths);

/** The first line that fits wins; `otherwise` answers everything else. */
export const routes: readonly GatewayRoute[] = gatewayTable(ownedRoutes());

/** A path that several functions answer. None of them knows the methods of the others, so it is the gateway that answers 405 there. */
export interface SharedPath {
  path: string;
  /** Of all of them. */
  methods: Route['method'][];
}

/** The first that fits says it. */
export const sharedPaths: readonly SharedPath[] = sharedAmong(ownedRoutes());

/** What `Allow` must say, where the path is shared and no function answers the method there. */
export function refusedWith(method: string, path: string): string | undefined {
  const shared = sharedMatchers.find(({ pattern }) => pattern.test(path));
  if (shared === undefined || shared.methods.includes((method === 'HEAD' ? 'GET' : method) as Route['method']))
    return undefined;
  return allowed(shared.methods);
}

/** Undefined if no function may answer. */
export function functionFor(method: string, path: string): PublicFunction | undefined {
  if (unrouted.includes(path)) return undefined;
  const wanted = method === 'HEAD' ? 'GET' : method;
  return matchers.find((route) => route.pattern.test(path) && (route.method ?? wanted) === wanted)?.to ?? otherwise;
}

const matchers = routes.map((route) => ({ ...route, pattern: new RegExp(patternOf(route)) }));
const sharedMatchers = sharedPaths.map((shared) => ({ ...shared, pattern: new RegExp(patternOf(shared)) }));

/** A regular expression for the paths of a line: of JavaScript, and of Go. */
export function patternOf({ path }: { path: string }): string {
  return `^${path.replaceAll('.', '\\.').replaceAll('{id}', '[^/]+')}$`;
}

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

/** Those without a free part first: a path that fits one of them may fit another one with. */
export function sharedAmong(owned: readonly Owned[]): SharedPath[] {
  const isShared = ({ path, to }: Owned) => owned.some((other) => other.to !== to && mayMeet(path, other.path));
  const paths = [...new Set(owned.filter(isShared).map(({ path }) => path))];
  const freeParts = (path: string) => path.split('{id}').length;
  return paths
    .sort((one, other) => freeParts(one) - freeParts(other))
    .map((path) => ({
      path,
      methods: [...new Set(owned.filter((other) => covers(other.path, path)).map(({ method }) => method))],
    }));
}

/** Whether every path that fits the second fits the first. */
function covers(wide: string, narrow: string): boolean {
  const segments = narrow.split('/');
  const others = wide.split('/');
  return (
    segments.length === others.length && others.every((part, index) => part === '{id}' || part === segments[index])
  );
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
