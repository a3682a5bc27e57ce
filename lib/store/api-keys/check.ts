// SQL that each request with an API key waits for: what the key may do now. It also notes that keys are used.
import type { Query } from '../database.ts';

/** An API key that is there, and what stands against it. */
export interface FoundKey {
  id: string;
  hash: string;
  client_id: string;
  scopes: string[];
  /** Of its client: the key may do no more. */
  client_scopes: string[];
  allowed_senders: string[] | null;
  expires_at: Date | null;
  has_expired: boolean;
  is_disabled: boolean;
  /** Whether a use within the last hour has been noted. */
  is_noted: boolean;
}

/** For each of `hashes`, in order; a key of which several requests ask is read once. */
export async function findApiKeys(sql: Query, hashes: readonly string[]): Promise<(FoundKey | undefined)[]> {
  const unique = [...new Set(hashes)];
  const rows = await sql<FoundKey[]>`
    select id, hash, client_id, api_keys.scopes, clients.scopes as client_scopes, api_keys.allowed_senders, expires_at,
           coalesce(expires_at <= now(), false) as has_expired, disabled_at is not null as is_disabled,
           coalesce(last_used_at > now() - interval '1 hour', false) as is_noted
    from api_keys join clients using (client_id)
    where hash = any(${unique}::text[])`;
  const found = new Map(rows.map((row) => [row.hash, row]));
  return hashes.map((hash) => found.get(hash));
}

/** Writes nothing where another process has noted this hour, or is about to. */
export async function noteKeyUse(sql: Query, ids: readonly string[]): Promise<void> {
  await sql`
    with due as (
      select id from api_keys
      where id = any(${ids}::uuid[]) and (last_used_at is null or last_used_at < now() - interval '1 hour')
      order by id for no key update skip locked
    )
    update api_keys set last_used_at = now() from due where api_keys.id = due.id`;
}
