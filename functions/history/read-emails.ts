// The handlers of the history function: what became of a client's emails.
import type * as v from 'valibot';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { pageOf } from '../../lib/http/query.ts';
import type { Sql } from '../../lib/store/database.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { lastEvents, listEvents } from '../../lib/store/emails/events.ts';
import { findEmail, listEmails } from '../../lib/store/emails/read.ts';
import { sizeOfEmail } from '../../lib/store/emails/size.ts';
import { countEmails } from '../../lib/store/emails/stats.ts';
import type { EventsQuery } from './events-query.ts';
import type { ListQuery } from './list-query.ts';
import { showEmail, showEvent, showListed } from './show.ts';
import { showStats } from './show-stats.ts';
import { rangeOf, type StatsQuery } from './stats-query.ts';

/** Beside an email, that is; all of them are in the list of its events, page by page. */
const mostEventsShown = 100;

export interface ReadDependencies {
  sql: Sql;
}

/** 200 `{object: "list", data, has_more, next_after}`, newest first. */
export async function readEmails(
  { query, client }: ClientRequest<v.InferOutput<typeof ListQuery>>,
  { sql }: ReadDependencies,
): Promise<Reply> {
  const { limit, ...filter } = query;
  // One row more than asked for: it shows whether there is another page.
  const emails = await listEmails(sql, { client_id: client.clientId }, filter, limit + 1);
  return shown(pageOf(emails, query, showListed, ({ id }) => id));
}

/** 200 with the email; 404 when the client has no such email. */
export async function readEmail(request: ClientRequest, { sql }: ReadDependencies): Promise<Reply> {
  const email = await ownEmail(request, sql);
  return shown(showEmail(email, await lastEvents(sql, email.id, mostEventsShown)));
}

/** 200 `{object: "list", data, has_more, next_after}`, the oldest first; 404 when the client has no such email. */
export async function readEvents(
  request: ClientRequest<v.InferOutput<typeof EventsQuery>>,
  { sql }: ReadDependencies,
): Promise<Reply> {
  const email = await ownEmail(request, sql);
  const { after, limit } = request.query;
  const events = await listEvents(sql, email.id, { after, limit: limit + 1 });
  return shown(pageOf(events, request.query, showEvent, ({ id }) => id));
}

/** 200 with the counts of a range of time. */
export async function readStats(
  { query, client }: ClientRequest<v.InferOutput<typeof StatsQuery>>,
  { sql }: ReadDependencies,
): Promise<Reply> {
  const range = rangeOf(query, new Date());
  return shown(showStats(range, await countEmails(sql, client.clientId, range)));
}

/** Another client's email gets the same 404 as an id that does not exist. */
async function ownEmail(
  { params: { id = '' }, client, makeRoom }: Pick<ClientRequest, 'params' | 'client' | 'makeRoom'>,
  sql: Sql,
) {
  if (!isEmailId(id)) throw unknownEmail(id);
  const owner = { client_id: client.clientId };
  const { shown } = await sizeOfEmail(sql, owner, id);
  await makeRoom(shown);
  const email = await findEmail(sql, owner, id);
  if (email === undefined) throw unknownEmail(id);
  return email;
}

export function unknownEmail(id: string): ApiError {
  return new ApiError('not_found', `You have no email with the id ${id}.`);
}

function shown(body: object): Reply {
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}
