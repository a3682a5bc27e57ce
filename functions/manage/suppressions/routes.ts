// The routes of suppressions.
import type { Route } from '../../../lib/http.ts';
import type { Authorized } from '../routes.ts';
import { addStory, listStory, removeStory } from './stories.ts';

export function suppressionRoutes(authorized: Authorized): Route[] {
  return [
    { method: 'GET', path: '/suppressions', handle: authorized('basic', listStory) },
    { method: 'POST', path: '/suppressions', accepts: ['application/json'], handle: authorized('email', addStory) },
    { method: 'DELETE', path: '/suppressions/{recipient}', handle: authorized('email', removeStory) },
  ];
}
