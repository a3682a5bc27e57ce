// SQL of a client's endpoints.
import { lockStored } from '../clients/clients.ts';
import { inTransaction, type Query, type Sql } from '../database.ts';
import type { WebhookEvent } from './webhook.ts';

/** An endpoint as its client sees it: without its secrets. */
export interface Endpoint {
  id: string;
  url: string;
  events: WebhookEvent[];
  created_at: Date;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  disabled_at: Date | null;
  disabled_reason: string | null;
}

const columns = [
  'id',
  'url',
  'events',
  'created_at',
  'last_success_at',
  'last_failure_at',
  'disabled_at',
  'disabled_reason',
];

export interface NewEndpoint {
  id: string;
  client_id: string;
  url: string;
  events: WebhookEvent[];
  secret: string;
}

/** Undefined when the client already has `most` endpoints. */
export async function insertEndpoint(sql: Sql, endpoint: NewEndpoint, most: number): Promise<Endpoint | undefined> {
  const { id, client_id, url, events, secret } = endpoint;
  return inTransaction(sql, async (transaction) => {
    await lockStored(transaction, client_id);
    const [row] = await transaction<Endpoint[]>`
      insert into webhooks (id, client_id, url, events, secrets)
      select ${id}, ${client_id}, ${url}, ${events}, jsonb_build_array(jsonb_build_object('secret', ${secret}::text, 'expires_at', null))
      where (select count(*) from webhooks where client_id = ${client_id}) < ${most}::integer
      returning ${transaction(columns)}`;
    return row;
  });
}

export async function listEndpoints(sql: Query, clientId: string): Promise<Endpoint[]> {
  return sql<Endpoint[]>`select ${sql(columns)} from webhooks where client_id = ${clientId} order by id`;
}

export async function findEndpoint(sql: Query, clientId: string, id: string): Promise<Endpoint | undefined> {
  const [row] = await sql<Endpoint[]>`
    select ${sql(columns)} from webhooks where id = ${id} and client_id = ${clientId}`;
  return row;
}

export interface EndpointChange {
  url?: string | undefined;
  events?: WebhookEvent[] | undefined;
  disabled?: boolean | undefined;
}

/** Undefined when the client has no such endpoint. Enabling it also clears its earlier failures. */
export async function changeEndpoint(sql: Query, clientId: string, id: string, change: EndpointChange) {
  const { url = null, events = null, disabled = null } = change;
  const [row] = await sql<Endpoint[]>`
    update webhooks
    set url = coalesce(${url}::text, url), events = coalesce(${events}::text[], events),
        disabled_at = case ${disabled}::boolean when true then coalesce(disabled_at, now()) when false then null else disabled_at end,
        disabled_reason = case ${disabled}::boolean when true then coalesce(disabled_reason, 'its client disabled it')
                                                    when false then null else disabled_reason end,
        last_failure_at = case when ${disabled}::boolean = false then null else last_failure_at end,
        quiet_until = case when ${disabled}::boolean = false then null else quiet_until end
    where id = ${id} and client_id = ${clientId}
    returning ${sql(columns)}`;
  return row;
}

/** Deletes it with its deliveries. False when the client has no such endpoint. */
export async function deleteEndpoint(sql: Query, clientId: string, id: string): Promise<boolean> {
  const { count } = await sql`delete from webhooks where id = ${id} and client_id = ${clientId}`;
  return count === 1;
}

/** Earlier secrets that may go on signing, so that the list stays short (5 with the new one). */
const mostEarlier = 4;

/**
 * Deliveries are signed with `secret` from now on, and with the earlier ones for `keepSeconds` more. False when there is no such endpoint.
 * The SQL function (0012) reads the earlier ones, which our role may not.
 */
export async function rotateSecret(sql: Query, clientId: string, id: string, secret: string, keepSeconds: number) {
  const [row] = await sql<[{ rotated: boolean | null }]>`
    select rotate_webhook_secret(${clientId}, ${id}, ${secret}, ${keepSeconds}, ${mostEarlier}) as rotated`;
  return row.rotated === true;
}
