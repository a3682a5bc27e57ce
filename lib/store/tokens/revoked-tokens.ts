// SQL of revoked_tokens (RFC 7009): the token function writes them, each check of a token reads them, dispatch purges them.
import type { Query } from '../database.ts';

/** Keeps `jti` revoked until `expiresAt`, when the token would have ended by itself. */
export async function revokeToken(sql: Query, jti: string, expiresAt: Date): Promise<void> {
  await sql`insert into revoked_tokens (jti, expires_at) values (${jti}, ${expiresAt}) on conflict do nothing`;
}

/** Why a token that has not expired is refused. */
export type Ending = 'revoked' | 'client disabled';

/** For each of `tokens`, in order: why it is refused; undefined if it is valid. A deleted client counts as disabled. */
export async function findEndings(
  sql: Query,
  tokens: readonly { jti: string; clientId: string }[],
): Promise<(Ending | undefined)[]> {
  const jtis = tokens.map(({ jti }) => jti);
  const clientIds = tokens.map(({ clientId }) => clientId);
  const rows = await sql<{ ending: Ending | null }[]>`
    select case when revoked.jti is not null then 'revoked'
                when client.client_id is null or client.disabled_at is not null then 'client disabled' end as ending
    from unnest(${jtis}::uuid[], ${clientIds}::text[]) with ordinality as token (jti, client_id, place)
    left join revoked_tokens revoked on revoked.jti = token.jti
    left join clients client on client.client_id = token.client_id
    order by token.place`;
  return rows.map(({ ending }) => ending ?? undefined);
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
