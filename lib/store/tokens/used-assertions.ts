// SQL of used_assertions: an assertion authenticates once, whichever copy of the function it reaches.
import type { Query } from '../database.ts';

/** More than one, so that rows that have expired go faster than new ones come. */
const forgottenAtOnce = 4;

/**
 * Notes that the assertion has been used, until `expiresAt`; false when it had been before. One statement, so that of any
 * number at the same moment one is first; it also forgets a few that have expired.
 */
export async function useAssertion(sql: Query, clientId: string, jti: string, expiresAt: Date): Promise<boolean> {
  const { count } = await sql`
    with expired as (
      select client_id, jti from used_assertions where expires_at < now() and (client_id, jti) <> (${clientId}, ${jti})
      order by expires_at limit ${forgottenAtOnce} for update skip locked
    ), forgotten as (
      delete from used_assertions used using expired where (used.client_id, used.jti) = (expired.client_id, expired.jti)
    )
    insert into used_assertions as used (client_id, jti, expires_at) values (${clientId}, ${jti}, ${expiresAt})
    on conflict (client_id, jti) do update set expires_at = excluded.expires_at where used.expires_at < now()`;
  return count === 1;
}
