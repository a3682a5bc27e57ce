// Requests with an idempotency key: which of several takes effect, and what an earlier one has stored.
import type { Query } from '../database.ts';
import type { To } from './transitions.ts';

export type AcceptedStatus = To<'accept'>;

/** An earlier request with the same key. */
export interface EarlierRequest {
  fingerprint: string;
  email_ids: string[];
  /** Status with which its first email was accepted. */
  status: AcceptedStatus;
}

export interface Keyed {
  client_id: string;
  idempotency: { key: string } | null;
}

/** What an earlier request of the client with this key has stored; undefined if there was none in the last day. */
export async function findEarlierRequest(
  sql: Query,
  clientId: string,
  key: string,
): Promise<EarlierRequest | undefined> {
  const acceptance = { client_id: clientId, idempotency: { key } };
  return (await findEarlier(sql, [acceptance])).get(keyOf(acceptance));
}

/** Maps each request to the first in the group with its key. Only the first takes effect; the others read what it stored. */
export function firstsOfKeys<One extends Keyed>(acceptances: One[]): Map<One, One> {
  const firsts = new Map<string, One>();
  return new Map(
    acceptances.map((acceptance) => {
      if (acceptance.idempotency === null) return [acceptance, acceptance];
      const first = firsts.get(keyOf(acceptance)) ?? acceptance;
      firsts.set(keyOf(acceptance), first);
      return [acceptance, first];
    }),
  );
}

/** What earlier requests with these keys have stored, by `keyOf`. */
export async function findEarlier(sql: Query, acceptances: Keyed[]): Promise<Map<string, EarlierRequest>> {
  if (acceptances.length === 0) return new Map();
  const wanted = acceptances.map(({ client_id, idempotency }) => ({ client_id, key: idempotency?.key }));
  const rows = await sql<({ client_id: string; key: string } & EarlierRequest)[]>`
    select client_id, key, fingerprint, email_ids,
           coalesce((select detail ->> 'status' from email_events
                     where email_id = email_ids[1] and type = 'accepted' order by id limit 1), 'queued') as status
    from idempotency_keys
    where (client_id, key) in (
      select client_id, key from json_to_recordset(${JSON.stringify(wanted)}::text::json) as wanted(client_id text, key text))`;
  return new Map(rows.map(({ client_id, key, ...found }) => [keyOf({ client_id, idempotency: { key } }), found]));
}

export function keyOf({ client_id, idempotency }: Keyed): string {
  return `${client_id}\n${idempotency?.key}`;
}
