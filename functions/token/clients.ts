// All SQL of clients: those that may ask for access tokens.
import type { Query } from '../../lib/db.ts';

/** Every scope there is, in the order in which they are written. */
export const knownScopes = ['basic', 'email'];

export interface Client {
  client_id: string;
  /** See secret-hash.ts. */
  secret_hash: string;
  scopes: string[];
  created_at: Date;
  /** Since when it gets no more tokens; null while it is enabled. */
  disabled_at: Date | null;
}

/** The shape of a client id, as the table has it. Other text is never asked for: PostgreSQL refuses some of it (NUL). */
export function isClientId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,100}$/.test(text);
}

/** The clients of `ids`, in that order. */
export async function findClients(sql: Query, ids: string[]): Promise<(Client | undefined)[]> {
  const rows = await sql<Client[]>`
    select client_id, secret_hash, scopes, created_at, disabled_at from clients where client_id = any(${ids}::text[])`;
  const clients = new Map(rows.map((client) => [client.client_id, client]));
  return ids.map((id) => clients.get(id));
}

export async function listClients(sql: Query): Promise<Client[]> {
  return sql<Client[]>`select client_id, secret_hash, scopes, created_at, disabled_at from clients order by client_id`;
}

/** False when there is one of that name. */
export async function insertClient(
  sql: Query,
  client: Pick<Client, 'client_id' | 'secret_hash' | 'scopes'>,
): Promise<boolean> {
  const { count } = await sql`
    insert into clients (client_id, secret_hash, scopes)
    values (${client.client_id}, ${client.secret_hash}, ${client.scopes})
    on conflict do nothing`;
  return count === 1;
}

/** Replaces what is stored of the secret; false when there is no such client. */
export async function setSecretHash(sql: Query, clientId: string, secretHash: string): Promise<boolean> {
  const { count } = await sql`update clients set secret_hash = ${secretHash} where client_id = ${clientId}`;
  return count === 1;
}

/** False when there is no such client. */
export async function setScopes(sql: Query, clientId: string, scopes: string[]): Promise<boolean> {
  const { count } = await sql`update clients set scopes = ${scopes} where client_id = ${clientId}`;
  return count === 1;
}

/** Keeps the time of an earlier disabling; false when there is no such client. */
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
