// The routes of suppressions.
import type { Route } from '../../../lib/http/route.ts';
import type { Authorized } from '../handler.ts';
import { addHandler, listHandler, removeHandler } from './handlers.ts';

export function suppressionRoutes(authorized: Authorized): Route[] {
  return [
    { method: 'GET', path: '/suppressions', handle: authorized('basic', listHandler) },
    { method: 'POST', path: '/suppressions', accepts: ['application/json'], handle: authorized('email', addHandler) },
    { method: 'DELETE', path: '/suppressions/{recipient}', handle: authorized('email', removeHandler) },
  ];
}
