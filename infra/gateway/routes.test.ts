import { expect, test } from 'vitest';
import { functionFor, gatewayTable, refusedWith, sharedAmong } from './routes.ts';

test.each([
  ['POST', '/authorize', 'token'],
  ['GET', '/authorize', 'token'],
  ['GET', '/.well-known/jwks.json', 'token'],
  ['GET', '/Xwell-known/jwks.json', 'history'],
  ['POST', '/send', 'send'],
  ['GET', '/send', 'send'],
  ['POST', '/send/batch', 'send'],
  ['POST', '/emails', 'send'],
  ['GET', '/emails', 'history'],
  ['DELETE', '/emails', 'history'],
  ['POST', '/emails/batch', 'send'],
  ['POST', '/emails/0199/cancel', 'send'],
  ['PATCH', '/emails/0199', 'send'],
  ['POST', '/emails/0199/replay', 'send'],
  ['POST', '/emails/replay', 'send'],
  ['GET', '/emails/replay', 'history'],
  ['POST', '/recipients/erase', 'send'],
  ['GET', '/suppressions', 'manage'],
  ['DELETE', '/suppressions/a%40example.com', 'manage'],
  ['POST', '/emails/preview', 'send'],
  ['PUT', '/templates/welcome', 'manage'],
  ['GET', '/templates', 'manage'],
  ['POST', '/webhooks', 'manage'],
  ['GET', '/webhooks/0199/deliveries', 'manage'],
  ['POST', '/webhooks/0199/deliveries/0198/replay', 'manage'],
  ['GET', '/emails/0199', 'history'],
  ['GET', '/emails/0199/events', 'history'],
  ['GET', '/stats', 'history'],
  ['GET', '/openapi.json', 'console'],
  ['GET', '/docs', 'console'],
  ['GET', '/docs/guides/getting-started', 'console'],
  ['GET', '/', 'history'],
  ['GET', '/no/such/page', 'history'],
  ['GET', '/healthz', undefined],
  ['GET', '/readyz', undefined],
  ['POST', '/metrics', undefined],
])('%s %s goes to %s', (method, path, expected) => {
  expect(functionFor(method, path)).toBe(expected);
});

test.each<[string, string]>([
  ['/emails/{id}', '/emails/{id}'],
  ['/emails/{id}', '/emails/drafts'],
])('two functions that answer GET %s and GET %s are a mistake', (one, other) => {
  const owned = (theirs: string) => [
    { method: 'GET', path: one, to: 'history' } as const,
    { method: 'GET', path: theirs, to: 'send' } as const,
  ];
  expect(() => gatewayTable(owned(other))).toThrow('both answer');
  expect(gatewayTable(owned('/emails/{id}/drafts'))).toEqual([{ path: '/emails/{id}/drafts', to: 'send' }]);
});

test.each([
  ['PUT', '/emails', 'POST, GET, HEAD'],
  ['OPTIONS', '/emails', 'POST, GET, HEAD'],
  ['GET', '/emails', undefined],
  ['HEAD', '/emails', undefined],
  ['DELETE', '/emails/0199', 'PATCH, GET, HEAD'],
  ['POST', '/emails/0199', 'PATCH, GET, HEAD'],
  ['PATCH', '/emails/0199', undefined],
  ['DELETE', '/emails/preview', 'POST, PATCH, GET, HEAD'],
  ['OPTIONS', '/emails/batch', 'POST, PATCH, GET, HEAD'],
  ['POST', '/emails/batch', undefined],
  // One function alone answers these, and knows what to say.
  ['DELETE', '/send', undefined],
  ['POST', '/emails/0199/events', undefined],
  ['OPTIONS', '/openapi.json', undefined],
  ['DELETE', '/no/such/page', undefined],
])('%s %s is refused with Allow: %s', (method, path, expected) => {
  expect(refusedWith(method, path)).toBe(expected);
});

test('of paths that fit each other, each has the methods of those that fit all of it', () => {
  const owned = [
    { method: 'GET', path: '/things/{id}', to: 'history' } as const,
    { method: 'POST', path: '/things/{id}', to: 'send' } as const,
    { method: 'PUT', path: '/things/all', to: 'manage' } as const,
    { method: 'DELETE', path: '/{id}/all', to: 'token' } as const,
    { method: 'GET', path: '/other', to: 'send' } as const,
  ];
  expect(sharedAmong(owned)).toEqual([
    { path: '/things/all', methods: ['GET', 'POST', 'PUT', 'DELETE'] },
    { path: '/things/{id}', methods: ['GET', 'POST'] },
    { path: '/{id}/all', methods: ['DELETE'] },
  ]);
});
