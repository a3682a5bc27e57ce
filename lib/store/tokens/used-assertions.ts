// SQL of used_assertions: an assertion authenticates only once, in whichever process of the function it arrives.
import type { Query } from '../database.ts';

/** Expired rows deleted for each new one; more than one, so that they do not pile up. */
const forgottenAtOnce = 4;

/**
 * Notes until `expiresAt` that the assertion is used; false when it was used before. One statement, so that only one of several
 * simultaneous uses succeeds. It also deletes a few expired rows.
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
