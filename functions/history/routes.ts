// The routes of the history function: a client's own emails, one of them, its events, and counts of them.
import { clientRoute } from '../../lib/auth/client-route.ts';
import { EventsQuery } from './events-query.ts';
import { ListQuery } from './list-query.ts';
import { type ReadDependencies, readEmail, readEmails, readEvents, readStats } from './read-emails.ts';
import { readSource } from './read-source.ts';
import { StatsQuery } from './stats-query.ts';

const route = clientRoute<ReadDependencies>();

export const historyRoutes = {
  listEmails: route({ method: 'GET', path: '/emails', scope: 'basic', query: ListQuery, handle: readEmails }),
  getEmail: route({ method: 'GET', path: '/emails/{id}', scope: 'basic', handle: readEmail }),
  listEvents: route({
    method: 'GET',
    path: '/emails/{id}/events',
    scope: 'basic',
    query: EventsQuery,
    handle: readEvents,
  }),
  getEmailSource: route({ method: 'GET', path: '/emails/{id}/source', scope: 'basic', handle: readSource }),
  getStats: route({ method: 'GET', path: '/stats', scope: 'basic', query: StatsQuery, handle: readStats }),
};
