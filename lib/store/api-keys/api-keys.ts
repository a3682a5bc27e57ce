// SQL of api_keys as clients and the operator see them. check.ts reads what a request may do with one.
import { lockStored } from '../clients/clients.ts';
import { inTransaction, type Query, type Sql } from '../database.ts';

/** Every scope that a key may have, in the order in which they are written. `email` includes `emails:send`. */
export const keyScopes = ['basic', 'email', 'emails:send'] as const;

/** Bounds, as the table has them, and keys of one client. */
export const mostKeys = 100;
export const maxKeyName = 100;
export const mostKeySenders = 50;

export interface ApiKey {
  id: string;
  client_id: string;
  name: string;
  /** What the key begins with; the rest is not kept. */
  start: string;
  scopes: string[];
  /** Null: as its client. */
  allowed_senders: string[] | null;
  /** The key that it was made with; null: an access token, or the operator. */
  made_with: string | null;
  created_at: Date;
  expires_at: Date | null;
  /** To the hour. */
  last_used_at: Date | null;
}

const columns = [
  'id',
  'client_id',
  'name',
  'start',
  'scopes',
  'allowed_senders',
  'made_with',
  'created_at',
  'expires_at',
  'last_used_at',
];

export type NewApiKey = Omit<ApiKey, 'created_at' | 'last_used_at'> & { hash: string };

/** Deletes the client's keys that have expired, too. `no client`: there is none of that name; `full`: it has `mostKeys`. */
export async function insertApiKey(sql: Sql, key: NewApiKey): Promise<ApiKey | 'no client' | 'full'> {
  const { client_id } = key;
  return inTransaction(sql, async (transaction) => {
    await lockStored(transaction, client_id);
    const { count } = await transaction`select from clients where client_id = ${client_id}`;
    if (count === 0) return 'no client';
    await transaction`delete from api_keys where client_id = ${client_id} and expires_at <= now()`;
    const [row] = await transaction<ApiKey[]>`
      insert into api_keys (id, client_id, name, hash, start, scopes, allowed_senders, made_with, expires_at)
      select ${key.id}, ${client_id}, ${key.name}, ${key.hash}, ${key.start}, ${key.scopes}::text[],
             ${key.allowed_senders}::text[], ${key.made_with}::uuid, ${key.expires_at}::timestamptz
      where (select count(*) from api_keys where client_id = ${client_id}) < ${mostKeys}::integer
      returning ${transaction(columns)}`;
    return row ?? 'full';
  });
}

/** Up to `limit` keys of a client, the newest first, those that have expired among them; `after`: only older ones than this. */
export async function listApiKeys(
  sql: Query,
  clientId: string,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<ApiKey[]> {
  return sql<ApiKey[]>`
    select ${sql(columns)} from api_keys
    where client_id = ${clientId} and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit}`;
}

/** False when the client has no such key. */
export async function renameApiKey(sql: Query, clientId: string, id: string, name: string): Promise<boolean> {
  const { count } = await sql`update api_keys set name = ${name} where id = ${id} and client_id = ${clientId}`;
  return count === 1;
}

/** The key is refused from now on. False when the client has no such key. */
export async function deleteApiKey(sql: Query, clientId: string, id: string): Promise<boolean> {
  const { count } = await sql`delete from api_keys where id = ${id} and client_id = ${clientId}`;
  return count === 1;
}

/** For the operator: the key of whichever client; undefined when there is none. */
export async function revokeApiKey(sql: Query, id: string): Promise<ApiKey | undefined> {
  const [row] = await sql<ApiKey[]>`delete from api_keys where id = ${id} returning ${sql(columns)}`;
  return row;
}
