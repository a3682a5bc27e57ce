// SQL of emails that wait for a place on the queue: they are `queued`, and `queued_at` is null until dispatch gives them one.
import type { Query } from '../database.ts';
import type { Lane } from './email.ts';

/** Every open row says when to look at it again. One that waits is found by its index long before. 1 h. */
export const lookAtWaitingMs = 3_600_000;

/** Most clients that get places in one statement; those after them are first in the next. */
const mostClients = 200;

/** To be published once it is committed. */
export interface PlacedEmail {
  id: string;
  client_id: string;
  traceparent: string | null;
}

const lanes = ['transactional', 'bulk'] as const;

/** Lanes in which emails wait for a place. */
export async function lanesWaiting(sql: Query): Promise<Lane[]> {
  // Each by itself: of a join, the planner may make a hash of all that wait, 85 ms where they are 100,000.
  const [row] = await sql<Record<Lane, boolean>[]>`
    select exists (select from emails where status = 'queued' and queued_at is null and lane = 'transactional') as transactional,
           exists (select from emails where status = 'queued' and queued_at is null and lane = 'bulk') as bulk`;
  return lanes.filter((lane) => row?.[lane]);
}

/** How far a turn of all clients has come. */
export interface Turn {
  /** The last client that got places, or '' where none has yet. */
  after: string;
  /** Places that each client gets in this turn; decided by the statement that begins it. */
  each: number | null;
}

export const newTurn: Turn = { after: '', each: null };

export interface Taken {
  emails: PlacedEmail[];
  /** Where the next ones go on; a new turn where no client comes after the last. */
  turn: Turn;
}

/**
 * Gives about `limit` places on a lane's queue, as many to each client that has emails waiting, the oldest first; clients come in the
 * order of their names. A turn that one statement does not end is ended by the next ones, with as many places for each: if those that
 * come last had all of a larger `limit`, they would be ahead. Any number may run at once: each locks its own rows. The status does not
 * change, so there is no transition and no event; a place that is lost with its message is as any lost publish: `due_at` brings the
 * email back.
 */
export async function takeWaiting(
  sql: Query,
  lane: Lane,
  { limit, turn, graceMs }: { limit: number; turn: Turn; graceMs: number },
): Promise<Taken> {
  const { after } = turn;
  const clients = Math.min(Math.ceil(limit / (turn.each ?? 1)), mostClients);
  // The status is written out, as the partial index asks for it.
  const rows = await sql<(PlacedEmail & { last_client: string; found: number })[]>`
    with recursive found as (
      -- From one client to the next in the index, however many emails each has.
      (select client_id, 1 as place from emails
       where status = 'queued' and queued_at is null and lane = ${lane} and client_id > ${after}
       order by client_id limit 1)
      union all
      select next.client_id, place + 1
      from found, lateral (
        select client_id from emails
        where status = 'queued' and queued_at is null and lane = ${lane} and client_id > found.client_id
        order by client_id limit 1) next
      where place < ${clients}
    ), taken as materialized (
      select waiting.id from found, lateral (
        select id from emails
        where status = 'queued' and queued_at is null and lane = ${lane} and client_id = found.client_id
        order by id limit (select coalesce(${turn.each}::integer, greatest(1, ${limit}::integer / count(*))) from found)
        for update skip locked) waiting
    ), placed as (
      update emails set queued_at = now(), due_at = now() + ${graceMs} * interval '1 millisecond'
      -- An array tells the planner how few rows they are.
      where id = any(array(select id from taken))
      returning id, client_id, traceparent
    )
    select id, client_id, traceparent, (select count(*)::integer from found) as found,
           (select client_id from found order by place desc limit 1) as last_client
    from placed
    order by row_number() over (partition by client_id order by id), client_id`;
  const [first] = rows;
  const emails = rows.map(({ id, client_id, traceparent }) => ({ id, client_id, traceparent }));
  if (first === undefined || first.found < clients) return { emails, turn: newTurn };
  const each = turn.each ?? Math.max(1, Math.floor(limit / first.found));
  return { emails, turn: { after: first.last_client, each } };
}

/** Whether a worker has yet to take any of these from the queue. */
export async function areAnyUnclaimed(sql: Query, ids: string[]): Promise<boolean> {
  const rows = await sql`
    select from emails where id = any(${ids}::uuid[]) and status = 'queued' and queued_at is not null limit 1`;
  return rows.length > 0;
}

/** How many emails wait for a place (up to 100,000), by lane. */
export async function countWaiting(sql: Query): Promise<{ lane: Lane; waiting: number }[]> {
  return sql<{ lane: Lane; waiting: number }[]>`
    select lane, (select count(*)::integer from (
      select from emails where status = 'queued' and queued_at is null and emails.lane = lanes.lane limit 100000) waiting) as waiting
    from unnest(array['transactional', 'bulk']) lanes(lane)`;
}
