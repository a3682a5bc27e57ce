// Routes as a table, and the router that finds the route of a request.
import type * as v from 'valibot';
import type { BodyForm } from './body-form.ts';
import { ApiError } from './errors.ts';
import type { Reply, Request } from './exchange.ts';

interface Where {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** As in `/emails/{id}/events`; one `{name}` matches one segment. */
  path: string;
}

/** What a route asks for, and who answers: the host checks it, and the API's document and the gateways are made of it. */
export interface Route<Scope extends string = never, Client = undefined, Dependencies = unknown> extends Where {
  /** What the caller's access token or API key must allow; a route without takes none. */
  scope?: Scope | undefined;
  /** A narrower scope that is enough, too. */
  orScope?: string | undefined;
  /** The query parameters, a strict object; a route without looks at none. */
  query?: v.GenericSchema | undefined;
  /** A route without takes no body. */
  body?: BodyForm<unknown> | undefined;
  /** A public document: scripts of any page may read it. */
  anyOrigin?: true | undefined;
  handle(request: Request<Client | undefined, unknown, unknown>, dependencies: Dependencies): Promise<Reply>;
}

/** Routes by the name of what each does: the operationId of the API's document. */
export type Routes<Scope extends string = never, Client = undefined, Dependencies = unknown> = Readonly<
  Record<string, Route<Scope, Client, Dependencies>>
>;

interface Declaration<Scope, Client, Dependencies, Query, Body> extends Where {
  scope?: Scope;
  orScope?: string;
  query?: Query;
  body?: BodyForm<Body>;
  anyOrigin?: true;
  handle: (
    request: Request<
      Scope extends string ? Client : undefined,
      Query extends v.GenericSchema ? v.InferOutput<Query> : undefined,
      NoInfer<Body>
    >,
    dependencies: Dependencies,
  ) => Promise<Reply>;
}

/** Gives the function that declares a route: its handler gets what `scope`, `query` and `body` say, or the compiler objects. */
export function declare<Scopes extends string, Client, Dependencies>() {
  return <
    Scope extends Scopes | undefined = undefined,
    Query extends v.GenericSchema | undefined = undefined,
    Body = undefined,
  >(
    declaration: Declaration<Scope, Client, Dependencies, Query, Body>,
  ) => declaration as Route<Scopes, Client, Dependencies>;
}

export interface Match<AnyRoute extends Where> {
  route: AnyRoute;
  params: Record<string, string>;
}

/** Compiles a table of routes. The result finds the route of a request, or throws `not_found` or `method_not_allowed` (with `Allow`). */
export function createRouter<AnyRoute extends Where>(
  routes: readonly AnyRoute[],
): (method: string, path: string) => Match<AnyRoute> {
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
    const allow = allowed(matches.map(({ route }) => route.method));
    throw new ApiError('method_not_allowed', `${path} answers ${allow} only.`, { headers: { allow } });
  };
}

/** The value of `Allow` for a path that answers these methods (RFC 9110 §10.2.1). */
export function allowed(methods: readonly Where['method'][]): string {
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ');
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
