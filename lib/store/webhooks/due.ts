// SQL that finds due deliveries, and purges old ones.
import type { Query } from '../database.ts';
import { idsBefore, timeAgo } from '../ids-by-time.ts';

/** Most deliveries of one endpoint on the queue or with workers at once, so that a slow endpoint leaves room for others. */
const mostAtOnce = 100;
/** The same while the endpoint fails: enough to notice when it recovers. */
const mostAtOnceFailing = 5;
/** The same of all endpoints of a client together. */
const mostOfClient = 250;
/** Deliveries whose workers keep dying are given up: no schedule of attempts takes longer. 7 days. */
const lostAfterMs = 7 * 86_400_000;

/**
 * Puts on the queue, for the caller to publish once this is committed, the deliveries that are due: first attempts and retries, ids
 * that no worker has claimed for `graceMs`, and what dead workers left `endedForMs` ago; undefined: nothing of it. Returns whose they are, too.
 * Any number may run at once.
 */
export async function takeDueDeliveries(
  sql: Query,
  graceMs: number,
  endedForMs?: number,
): Promise<{ id: string; client_id: string }[]> {
  return sql<{ id: string; client_id: string }[]>`
    with endpoints as (
      select id, client_id, has_due, under_way,
             case when last_failure_at > coalesce(last_success_at, '-infinity') and disabled_at is null
                  then ${mostAtOnceFailing}::integer else ${mostAtOnce}::integer end as most,
             -- What its client has left, shared out among those of its endpoints that have something due.
             ceil((${mostOfClient}::integer - sum(under_way) over of_client)
                  / greatest(1, sum(has_due::integer) over of_client)::numeric) as share
      from webhooks cross join lateral (
        select count(*) as under_way from webhook_deliveries
        where webhook_id = webhooks.id and queued_at is not null and due_at > now()) queued
      -- Limited, as the planner may make a hash of all that are due for a mere "exists".
      left join lateral (
        select coalesce(quiet_until <= now(), true) as has_due from webhook_deliveries
        where webhook_id = webhooks.id and due_at <= now() limit 1) first on true
      window of_client as (partition by client_id)
    ), due as (
      select delivery.id, client_id from endpoints
      cross join lateral (
        select id from webhook_deliveries
        where webhook_id = endpoints.id and due_at <= now() 
          and (status <> 'delivering' or due_at <= now() - ${endedForMs ?? null}::double precision * interval '1 millisecond')
        order by due_at
        limit greatest(0, least(most - under_way, share))
        for update skip locked
      ) delivery
      where has_due
    ), given_up as (
      update webhook_deliveries
      set status = 'failed', due_at = null, queued_at = null, finished_at = now(), last_reason = 'its workers were lost'
      where id = any(array(select id from due)) and status = 'delivering'
        and wanted_at < now() - ${lostAfterMs} * interval '1 millisecond'
      returning id
    )
    update webhook_deliveries
    set status = 'pending', queued_at = case when status = 'pending' then coalesce(queued_at, now()) else now() end,
        -- A long queue does not mean a lost id. Each wait equals the time in the queue so far, so few copies of the id exist.
        due_at = now() + greatest(${graceMs} * interval '1 millisecond',
                                  case when status = 'pending' then coalesce(now() - queued_at, '0') else '0' end)
    -- An array shows the planner how few rows there are.
    where id = any(array(select id from due)) and id not in (select id from given_up)
    returning id, (select client_id from due where due.id = webhook_deliveries.id) as client_id`;
}

/**
 * Writes to one delivery whose worker's claim has ended, among those that are due the longest at each endpoint, and changes nothing:
 * proof that workers can record. False: there is none, or they are all locked.
 */
export async function touchEndedClaim(sql: Query): Promise<boolean> {
  const rows = await sql`
    with due as materialized (
      select first.id from webhooks cross join lateral (
        select id, status from webhook_deliveries
        where webhook_id = webhooks.id and due_at <= now() order by due_at limit ${mostAtOnce}) first
      where first.status = 'delivering' limit ${mostAtOnce}
    ), ended as (
      select delivery.id from due join webhook_deliveries delivery using (id)
      where status = 'delivering' and due_at <= now()
      limit 1 for update of delivery skip locked
    )
    update webhook_deliveries set due_at = due_at where id = any(array(select id from ended)) returning id`;
  return rows.length > 0;
}

/** How many deliveries are due (up to 100,000), and how long the oldest has been. */
export async function measureDueDeliveries(sql: Query): Promise<{ due: number; oldest_s: number }> {
  const [row] = await sql<{ due: number; oldest_s: number }[]>`
    select count(*)::integer as due, coalesce(extract(epoch from now() - min(due_at)), 0)::double precision as oldest_s
    from (select due_at from webhook_deliveries where due_at <= now() limit 100000) due`;
  return row ?? { due: 0, oldest_s: 0 };
}

/** Deletes up to `limit` deliveries that came to their end `ageMs` ago. */
export async function purgeDeliveries(sql: Query, ageMs: number, limit: number): Promise<number> {
  const { count } = await sql`
    with old as (
      select id from webhook_deliveries
      where id < ${idsBefore(sql, ageMs)} and finished_at < ${timeAgo(sql, ageMs)}
      order by id limit ${limit} for update skip locked
    )
    delete from webhook_deliveries using old where webhook_deliveries.id = old.id`;
  return count;
}
