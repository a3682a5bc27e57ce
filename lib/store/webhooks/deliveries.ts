// SQL of deliveries for their client: lists them, makes them due again, makes an example.
import { inTransaction, type Query, type Sql } from '../database.ts';
import type { DeliveryStatus } from './webhook.ts';

export interface Delivery {
  id: string;
  type: string;
  email_id: string | null;
  status: DeliveryStatus;
  attempts: number;
  created_at: Date;
  last_attempt_at: Date | null;
  last_status_code: number | null;
  last_reason: string | null;
  last_ms: number | null;
  /** When it is tried next at the latest; null at the end. */
  due_at: Date | null;
  finished_at: Date | null;
}

const columns = [
  'id',
  'type',
  'email_id',
  'status',
  'attempts',
  'created_at',
  'last_attempt_at',
  'last_status_code',
  'last_reason',
  'last_ms',
  'due_at',
  'finished_at',
];

export interface DeliveryFilter {
  status?: DeliveryStatus | undefined;
  /** Only those with a lower id than this, that of the last delivery of the previous page. */
  after?: string | undefined;
  /** Only those with a higher id than this, that of the first delivery of the next page. */
  before?: string | undefined;
}

/** An endpoint's deliveries, newest first; with `before`, those next to it, and the oldest first. The caller must check whose endpoint it is. */
export async function listDeliveries(sql: Query, webhookId: string, filter: DeliveryFilter, limit: number) {
  const { status, after, before } = filter;
  return sql<Delivery[]>`
    select ${sql(columns)} from webhook_deliveries
    where webhook_id = ${webhookId} ${status ? sql`and status = ${status}` : sql``} ${after ? sql`and id < ${after}` : sql``}
      ${before ? sql`and id > ${before}` : sql``}
    order by id ${before ? sql`` : sql`desc`} limit ${limit}`;
}

/** A delivery that has had as many attempts is not made due again by its client: each replay may bring ten more. */
export const mostAttempts = 100;

/** Makes one due at once, even at its end. Undefined when there is none, it is queued or held by a worker, or had too many attempts. */
export async function replayDelivery(sql: Query, webhookId: string, id: string): Promise<Delivery | undefined> {
  const [row] = await sql<Delivery[]>`
    update webhook_deliveries set status = 'pending', due_at = now(), wanted_at = now(), finished_at = null
    where id = ${id} and webhook_id = ${webhookId} and status <> 'delivering' and queued_at is null
      and attempts < ${mostAttempts}
    returning ${sql(columns)}`;
  return row;
}

/** How many attempts a delivery has had; undefined when there is none. */
export async function attemptsOf(sql: Query, webhookId: string, id: string): Promise<number | undefined> {
  const [row] = await sql<{ attempts: number }[]>`
    select attempts from webhook_deliveries where id = ${id} and webhook_id = ${webhookId}`;
  return row?.attempts;
}

/** Makes up to `limit` failed deliveries that were created in this time due again, the oldest first, unless they had too many attempts. Returns how many. */
export async function replayFailed(sql: Query, webhookId: string, since: Date, until: Date | undefined, limit: number) {
  const { count } = await sql`
    with failed as (
      select id from webhook_deliveries
      where webhook_id = ${webhookId} and status = 'failed' and attempts < ${mostAttempts} and created_at >= ${since}
        ${until ? sql`and created_at < ${until}` : sql``}
      order by id limit ${limit} for update skip locked
    )
    update webhook_deliveries set status = 'pending', due_at = now(), wanted_at = now(), finished_at = null
    from failed where webhook_deliveries.id = failed.id`;
  return count;
}

/** Examples that an endpoint gets in an hour. */
export const mostExamples = 20;
const exampleHour = 3_600;

/** Makes a delivery of an example; returns the seconds until another one may be made where the endpoint has had too many. */
export async function insertExample(
  sql: Sql,
  webhookId: string,
  id: string,
  type: string,
): Promise<number | undefined> {
  return inTransaction(sql, async (transaction) => {
    // One at a time, so that each counts those before.
    await transaction`select from webhooks where id = ${webhookId} for no key update`;
    const [full] = await transaction<{ free_in_s: number }[]>`
      select extract(epoch from created_at - now())::float8 + ${exampleHour} as free_in_s from webhook_deliveries
      where webhook_id = ${webhookId} and email_id is null and created_at > now() - ${exampleHour} * interval '1 second'
      order by created_at desc offset ${mostExamples - 1} limit 1`;
    if (full !== undefined) return Math.max(Math.ceil(full.free_in_s), 1);
    await transaction`insert into webhook_deliveries (id, webhook_id, type) values (${id}, ${webhookId}, ${type})`;
    return undefined;
  });
}
