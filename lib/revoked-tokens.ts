// All SQL of revoked_tokens (RFC 7009): written by the token function, read wherever a token is checked, purged by relay.
import type { Query } from './db.ts';

/** Keeps `jti` revoked until `expiresAt`, when the token would have ended by itself. */
export async function revokeToken(sql: Query, jti: string, expiresAt: Date): Promise<void> {
  await sql`insert into revoked_tokens (jti, expires_at) values (${jti}, ${expiresAt}) on conflict do nothing`;
}

/** For each of `jtis`, in order: whether it has been revoked. */
export async function areRevoked(sql: Query, jtis: string[]): Promise<boolean[]> {
  const rows = await sql<{ jti: string }[]>`select jti from revoked_tokens where jti = any(${jtis}::uuid[])`;
  const revoked = new Set(rows.map(({ jti }) => jti));
  return jtis.map((jti) => revoked.has(jti));
}

/** Forgets up to `limit` tokens that would have ended `ageMs` ago or earlier. */
export async function purgeRevokedTokens(sql: Query, ageMs: number, limit: number): Promise<number> {
  const { count } = await sql`
    with old as (
      select jti from revoked_tokens where expires_at < now() - ${ageMs} * interval '1 millisecond'
      order by expires_at limit ${limit} for update skip locked
    )
    delete from revoked_tokens using old where revoked_tokens.jti = old.jti`;
  return count;
}
