// The routes of the history function: a client's own emails, one of them, its events, counts of them.
import type { AccessToken, Scope } from '../../lib/auth/access-token.ts';
import { databaseError } from '../../lib/http/database-error.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import { pageOf } from '../../lib/http/query.ts';
import type { Route } from '../../lib/http/route.ts';
import type { Sql } from '../../lib/store/database.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { listEvents } from '../../lib/store/emails/events.ts';
import { findEmail, listEmails } from '../../lib/store/emails/read.ts';
import { countEmails } from '../../lib/store/emails/stats.ts';
import { parseListQuery } from './list-query.ts';
import { showEmail, showEvent, showSummary } from './show.ts';
import { showStats } from './show-stats.ts';
import { parseStatsQuery } from './stats-query.ts';

export interface HistoryDependencies {
  checkToken: (authorization: string | undefined, scope: Scope) => Promise<AccessToken>;
  sql: Sql;
}

export function createHistoryRoutes({ checkToken, sql }: HistoryDependencies): Route[] {
  /** A route for clients with the scope `basic`. */
  function get(path: string, read: (request: Request, client: AccessToken) => Promise<unknown>): Route {
    return {
      method: 'GET',
      path,
      async handle(request): Promise<Reply> {
        const client = await checkToken(request.headers.authorization, 'basic');
        const body = await read(request, client).catch((error) => {
          throw databaseError(error);
        });
        return { status: 200, headers: { 'cache-control': 'no-store' }, body };
      },
    };
  }

  /** Another client's email is as unknown as one that never was. */
  async function ownEmail({ params: { id = '' } }: Request, { clientId }: AccessToken) {
    const email = isEmailId(id) ? await findEmail(sql, { client_id: clientId }, id) : undefined;
    if (email === undefined) throw new ApiError('not_found', `You have no email with the id ${id}.`);
    return email;
  }

  return [
    get('/emails', async ({ query }, { clientId }) => {
      const { limit, ...filter } = parseListQuery(query);
      // One more than asked for tells whether there is another page.
      const emails = await listEmails(sql, { client_id: clientId }, filter, limit + 1);
      return pageOf(emails, limit, showSummary);
    }),
    get('/emails/{id}', async (request, client) => {
      const email = await ownEmail(request, client);
      return showEmail(email, await listEvents(sql, email.id));
    }),
    get('/emails/{id}/events', async (request, client) => {
      const email = await ownEmail(request, client);
      return { object: 'list', data: (await listEvents(sql, email.id)).map(showEvent) };
    }),
    get('/stats', async ({ query }, { clientId }) => {
      const range = parseStatsQuery(query, new Date());
      return showStats(range, await countEmails(sql, clientId, range));
    }),
  ];
}
