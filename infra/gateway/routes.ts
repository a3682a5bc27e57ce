// Which function answers which path: the table behind the gateway of `npm start`, and what the Caddyfile of Docker says too.

/** The functions that a gateway lets the public reach. */
export type PublicFunction = 'token' | 'send' | 'history' | 'manage' | 'console';

export interface GatewayRoute {
  /** `{id}` stands for one segment. */
  path: string;
  /** Where it is named, other methods go on to the next line that fits; where not, the function answers 405 itself. */
  method?: 'POST' | 'PATCH';
  to: PublicFunction;
}

/** The first line that fits wins. */
export const routes: readonly GatewayRoute[] = [
  { path: '/authorize', to: 'token' },
  { path: '/token', to: 'token' },
  { path: '/introspect', to: 'token' },
  { path: '/revoke', to: 'token' },
  { path: '/.well-known/oauth-authorization-server', to: 'token' },
  { path: '/.well-known/jwks.json', to: 'token' },
  { path: '/send', to: 'send' },
  { path: '/send/batch', to: 'send' },
  { path: '/emails', method: 'POST', to: 'send' },
  { path: '/emails/batch', method: 'POST', to: 'send' },
  { path: '/emails/preview', method: 'POST', to: 'send' },
  { path: '/emails/replay', method: 'POST', to: 'send' },
  { path: '/emails/{id}', method: 'PATCH', to: 'send' },
  { path: '/emails/{id}/cancel', to: 'send' },
  { path: '/emails/{id}/replay', to: 'send' },
  { path: '/recipients/erase', to: 'send' },
  { path: '/suppressions', to: 'manage' },
  { path: '/suppressions/{id}', to: 'manage' },
  { path: '/templates', to: 'manage' },
  { path: '/templates/{id}', to: 'manage' },
  { path: '/webhooks', to: 'manage' },
  { path: '/webhooks/{id}', to: 'manage' },
  { path: '/webhooks/{id}/rotate-secret', to: 'manage' },
  { path: '/webhooks/{id}/test', to: 'manage' },
  { path: '/webhooks/{id}/deliveries', to: 'manage' },
  { path: '/webhooks/{id}/deliveries/replay', to: 'manage' },
  { path: '/webhooks/{id}/deliveries/{id}/replay', to: 'manage' },
  { path: '/openapi.json', to: 'console' },
  { path: '/docs', to: 'console' },
  { path: '/docs/guides', to: 'console' },
  { path: '/docs/guides/{id}', to: 'console' },
  { path: '/docs/assets/{id}', to: 'console' },
];

/** Answers everything else: what is read (`/emails…`, `/stats`), and 404. */
export const otherwise: PublicFunction = 'history';

/** For whoever runs the functions, not for their clients. */
export const unrouted: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Undefined where nobody may answer. */
export function functionFor(method: string, path: string): PublicFunction | undefined {
  if (unrouted.includes(path)) return undefined;
  return matchers.find((route) => route.pattern.test(path) && (route.method ?? method) === method)?.to ?? otherwise;
}

const matchers = routes.map((route) => ({
  ...route,
  pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll('{id}', '[^/]+')}$`),
}));
