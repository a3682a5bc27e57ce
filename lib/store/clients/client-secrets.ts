// SQL that changes client_secrets. clients.ts reads them with their client. Lock the client before a change.
import type { Query } from '../database.ts';

/** Most secrets of a client at a time: the old one, the new one, and one in reserve. */
export const mostSecrets = 3;

export interface ClientSecret {
  /** Text, because the driver returns a bigint as text, and the operator types it. */
  id: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** Those that have not expired, oldest first. */
export async function listSecrets(sql: Query, clientId: string): Promise<ClientSecret[]> {
  return sql<ClientSecret[]>`
    select id, created_at, expires_at, last_used_at from client_secrets
    where client_id = ${clientId} and (expires_at is null or expires_at > now())
    order by id`;
}

/** Adds a secret that is valid for `days`, or until it is removed. Deletes expired ones. Returns its id. */
export async function addSecret(sql: Query, clientId: string, hash: string, days: number | null): Promise<string> {
  await sql`delete from client_secrets where client_id = ${clientId} and expires_at <= now()`;
  const [row] = await sql<[{ id: string }]>`
    insert into client_secrets (client_id, secret_hash, expires_at)
    values (${clientId}, ${hash}, now() + ${days}::double precision * interval '1 day')
    returning id`;
  return row.id;
}

export async function replaceSecrets(sql: Query, clientId: string, hash: string): Promise<void> {
  await sql`delete from client_secrets where client_id = ${clientId}`;
  await sql`insert into client_secrets (client_id, secret_hash) values (${clientId}, ${hash})`;
}

/** False when the client has no such secret. */
export async function removeSecret(sql: Query, clientId: string, id: string): Promise<boolean> {
  const { count } = await sql`delete from client_secrets where client_id = ${clientId} and id = ${id}`;
  return count === 1;
}

/** Writes nothing if another process has already noted this hour. */
export async function noteSecretUse(sql: Query, id: number): Promise<void> {
  await sql`
    update client_secrets set last_used_at = now()
    where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 hour')`;
}
