// SQL of clients, which may ask for access tokens. ../emails also reads what a client may send, when it accepts emails.
import type { JWK } from 'jose';
import type { Query } from '../database.ts';

/** Scopes of clients that send. */
export const usualScopes = ['basic', 'email'];
/** Every scope there is, in the order in which they are written. Handing in what came back is for the operator's own mail servers. */
export const knownScopes = [...usualScopes, 'intake:write'];

/** Bounds of a client's own token lifetime, as the table has them. */
export const tokenLifetimeSeconds = { least: 60, most: 86_400 };

export interface Client {
  client_id: string;
  scopes: string[];
  /** See client-keys.ts. */
  public_keys: JWK[];
  /** Null: as the settings say. */
  token_lifetime_seconds: number | null;
  /** Senders that its emails may have: `a@b.test`, `b.test`, `*.b.test`; null: any. */
  allowed_senders: string[] | null;
  /** Whether its emails may have headers that relays take as orders. */
  relay_headers: boolean;
  /** Emails a second; null: any number. */
  rate_per_second: number | null;
  /** Emails a day (UTC); null: any number. */
  daily_quota: number | null;
  created_at: Date;
  /** When it was disabled: since then it gets no tokens, and its tokens are refused. Null while it is enabled. */
  disabled_at: Date | null;
  /** Those that have not expired, oldest first. */
  secrets: StoredSecret[];
}

export interface StoredSecret {
  id: number;
  /** See secret-hash.ts. */
  hash: string;
}

/** The shape of a client id, as in the table. Other text is never queried: PostgreSQL refuses some of it (NUL). */
export function isClientId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,100}$/.test(text);
}

const columns = (sql: Query) => sql`
  client_id, scopes, public_keys, token_lifetime_seconds, allowed_senders, relay_headers, rate_per_second, daily_quota, created_at, disabled_at,
  (select coalesce(json_agg(json_build_object('id', id, 'hash', secret_hash) order by id), '[]')
     from client_secrets
    where client_secrets.client_id = clients.client_id and (expires_at is null or expires_at > now())) as secrets`;

/** The clients of `ids`, in that order. */
export async function findClients(sql: Query, ids: string[]): Promise<(Client | undefined)[]> {
  const rows = await sql<Client[]>`select ${columns(sql)} from clients where client_id = any(${ids}::text[])`;
  const clients = new Map(rows.map((client) => [client.client_id, client]));
  return ids.map((id) => clients.get(id));
}

export async function listClients(sql: Query): Promise<Client[]> {
  return sql<Client[]>`select ${columns(sql)} from clients order by client_id`;
}

/** Locks the client's credentials until the transaction ends; false when there is no such client. */
export async function lockClient(sql: Query, clientId: string): Promise<boolean> {
  const { count } = await sql`select from clients where client_id = ${clientId} for update`;
  return count === 1;
}

/** Of the two numbers of an advisory lock, the one that tells what is locked; the other is the client's. Any number. */
const stored = 1;

/**
 * Makes other changes of what the client stores wait until the transaction ends: two at once could each miss the other when they
 * count. Tokens and emails do not wait. No row is locked, as that takes the right to change it.
 */
export async function lockStored(sql: Query, clientId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${stored}, hashtext(${clientId}))`;
}

/** False when there is one of that name. */
export async function insertClient(
  sql: Query,
  client: Pick<Client, 'client_id' | 'scopes'> & {
    secret_hash?: string;
    public_keys?: JWK[];
    allowed_senders?: Client['allowed_senders'];
  },
): Promise<boolean> {
  const { client_id, scopes, secret_hash = null, public_keys = [], allowed_senders = null } = client;
  const [row] = await sql`
    with client as (
      insert into clients (client_id, scopes, public_keys, allowed_senders)
      values (${client_id}, ${scopes}, ${JSON.stringify(public_keys)}::text::jsonb, ${inLowerCase(sql, allowed_senders)})
      on conflict do nothing
      returning client_id
    ), secret as (
      insert into client_secrets (client_id, secret_hash)
      select client_id, ${secret_hash}::text from client where ${secret_hash}::text is not null
    )
    select from client`;
  return row !== undefined;
}

/** False when there is no such client. */
export async function setScopes(sql: Query, clientId: string, scopes: string[]): Promise<boolean> {
  const { count } = await sql`update clients set scopes = ${scopes} where client_id = ${clientId}`;
  return count === 1;
}

/** Replaces the keys that its assertions are verified with; false when there is no such client. */
export async function setPublicKeys(sql: Query, clientId: string, keys: JWK[]): Promise<boolean> {
  const { count } = await sql`
    update clients set public_keys = ${JSON.stringify(keys)}::text::jsonb where client_id = ${clientId}`;
  return count === 1;
}

/** Null: as the settings say. False when there is no such client. */
export async function setTokenLifetime(sql: Query, clientId: string, seconds: number | null): Promise<boolean> {
  const { count } = await sql`
    update clients set token_lifetime_seconds = ${seconds} where client_id = ${clientId}`;
  return count === 1;
}

/** Null: anybody. False when there is no such client. */
export async function setAllowedSenders(sql: Query, clientId: string, senders: string[] | null): Promise<boolean> {
  const { count } = await sql`
    update clients set allowed_senders = ${inLowerCase(sql, senders)} where client_id = ${clientId}`;
  return count === 1;
}

/** Sets whether its emails may have headers that relays take as orders. False when there is no such client. */
export async function setRelayHeaders(sql: Query, clientId: string, allowed: boolean): Promise<boolean> {
  const { count } = await sql`update clients set relay_headers = ${allowed} where client_id = ${clientId}`;
  return count === 1;
}

export async function mayRelayHeaders(sql: Query, clientId: string): Promise<boolean> {
  const { count } = await sql`select from clients where client_id = ${clientId} and relay_headers`;
  return count === 1;
}

/** Null: anybody, or there is no such client. */
export async function readAllowedSenders(sql: Query, clientId: string): Promise<string[] | null> {
  const [row] = await sql<Pick<Client, 'allowed_senders'>[]>`
    select allowed_senders from clients where client_id = ${clientId}`;
  return row?.allowed_senders ?? null;
}

/** The database makes the lower case, because it also compares. */
function inLowerCase(sql: Query, senders: string[] | null) {
  return senders === null
    ? sql`null`
    : sql`array(select distinct lower(s) from unnest(${senders}::text[]) s order by 1)`;
}

/** Sets the limits that are given; null removes one. False when there is no such client. */
export async function setLimits(
  sql: Query,
  clientId: string,
  limits: Partial<Pick<Client, 'rate_per_second' | 'daily_quota'>>,
): Promise<boolean> {
  const { count } = await sql`update clients set ${sql(limits)} where client_id = ${clientId}`;
  return count === 1;
}

/** Disables it; keeps the time if it is disabled already. False when there is no such client. */
export async function disableClient(sql: Query, clientId: string): Promise<boolean> {
  const { count } = await sql`
    update clients set disabled_at = coalesce(disabled_at, now()) where client_id = ${clientId}`;
  return count === 1;
}

/** False when there is no such client. */
export async function enableClient(sql: Query, clientId: string): Promise<boolean> {
  const { count } = await sql`update clients set disabled_at = null where client_id = ${clientId}`;
  return count === 1;
}
