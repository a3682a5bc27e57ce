// All SQL of revoked_tokens (RFC 7009): written by the token function, read wherever a token is checked.
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
