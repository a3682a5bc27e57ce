// SQL that stores new emails, each request once.
import type { Query } from '../db.ts';
import type { Lane } from '../queue/topology.ts';
import type { DeliveryMode, EmailContent, Tag } from './email.ts';

export interface NewEmail extends EmailContent {
  id: string;
  lane: Lane;
  delivery: DeliveryMode;
  sender: string;
  recipients: string[];
  subject: string;
  message_id: string;
  /** Time asked for; null: at once. */
  scheduled_at: Date | null;
  expires_at: Date | null;
  traceparent: string | null;
  tags: Tag[];
  metadata: Record<string, string>;
}

/** What one request brings. */
export interface Acceptance {
  client_id: string;
  /** Under which key the request must have its effect once. */
  idempotency: { key: string; fingerprint: string } | null;
  emails: NewEmail[];
}

/** The emails a request stands for: those it brought, or those of an earlier request with its key. */
export interface Accepted {
  email_ids: string[];
  /** Set when an earlier request had the key: the fingerprint of its body. */
  earlier_fingerprint: string | null;
}

/**
 * Stores the emails of several requests, with their contents, the event `accepted` and the idempotency keys, in one statement.
 * `graceMs` is when relay publishes an id that no worker has claimed, because the direct publish was lost.
 */
export async function insertEmails(sql: Query, acceptances: Acceptance[], graceMs: number): Promise<Accepted[]> {
  const rows = firstOfEachKey(acceptances).flatMap(({ client_id, idempotency, emails }) =>
    emails.map((email, position) => ({ client_id, ...idempotency, position, ...email })),
  );
  const stored = await sql<{ id: string }[]>`
    with given as (
      select * from json_to_recordset(${JSON.stringify(rows)}::text::json) as given(
        id uuid, client_id text, key text, fingerprint text, position integer, lane text, delivery text, sender text,
        recipients text[], subject text, message_id text, scheduled_at timestamptz, expires_at timestamptz, traceparent text,
        tags jsonb, metadata jsonb, headers jsonb, custom_headers jsonb, text_body text, html_body text, attachments jsonb)
    ), keyed as (
      -- In one order everywhere, so that two groups with the same keys wait for each other but never in a circle.
      insert into idempotency_keys (client_id, key, fingerprint, email_ids)
      select client_id, key, fingerprint, array_agg(id order by position) from given where key is not null
      group by client_id, key, fingerprint order by client_id, key
      on conflict do nothing
      returning email_ids
    ), new as (
      select * from given where key is null or id in (select unnest(email_ids) from keyed)
    ), stored as (
      insert into emails (id, client_id, status, lane, delivery, sender, recipients, subject, message_id, scheduled_at,
                          expires_at, traceparent, tags, wanted_at, queued_at, due_at)
      select id, client_id, case when scheduled_at is null then 'queued' else 'scheduled' end, lane, delivery, sender,
             recipients, subject, message_id, scheduled_at, expires_at, traceparent, tags, coalesce(scheduled_at, now()),
             case when scheduled_at is null then now() end,
             coalesce(scheduled_at, now() + ${graceMs} * interval '1 millisecond')
      from new
      returning id, status
    ), contents as (
      insert into email_contents (email_id, headers, custom_headers, text_body, html_body, attachments, metadata)
      select id, headers, custom_headers, text_body, html_body, attachments, metadata from new
    ), events as (
      insert into email_events (email_id, type, detail)
      select id, 'accepted', jsonb_build_object('status', status) from stored
    )
    select id from stored`;
  const storedIds = new Set(stored.map(({ id }) => id));
  const isNew = ({ emails }: Acceptance) => emails.every(({ id }) => storedIds.has(id));
  const earlier = await findEarlier(
    sql,
    acceptances.filter((acceptance) => !isNew(acceptance)),
  );
  return acceptances.map((acceptance) => {
    if (isNew(acceptance)) return { email_ids: acceptance.emails.map(({ id }) => id), earlier_fingerprint: null };
    const found = earlier.get(keyOf(acceptance.client_id, acceptance.idempotency?.key));
    // Purged in this very moment: the client asks again, as after any failure.
    if (found === undefined) throw new Error('an idempotency key vanished');
    return { email_ids: found.email_ids, earlier_fingerprint: found.fingerprint };
  });
}

/** About how much there is to store: what emails say, as that is what differs. */
export function bytesOf({ emails }: Acceptance): number {
  const lengths = emails.flatMap(({ text_body, html_body, attachments }) => [
    text_body?.length ?? 0,
    html_body?.length ?? 0,
    ...attachments.map(({ content }) => content.length),
  ]);
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** Requests with the same key that came together: the first has its effect, the others find what it left. */
function firstOfEachKey(acceptances: Acceptance[]): Acceptance[] {
  const seen = new Set<string>();
  return acceptances.filter(({ client_id, idempotency }) => {
    if (idempotency === null) return true;
    const key = keyOf(client_id, idempotency.key);
    return !seen.has(key) && seen.add(key);
  });
}

interface KeptKey {
  client_id: string;
  key: string;
  fingerprint: string;
  email_ids: string[];
}

async function findEarlier(sql: Query, acceptances: Acceptance[]): Promise<Map<string, KeptKey>> {
  if (acceptances.length === 0) return new Map();
  const wanted = acceptances.map(({ client_id, idempotency }) => ({ client_id, key: idempotency?.key }));
  const rows = await sql<KeptKey[]>`
    select client_id, key, fingerprint, email_ids from idempotency_keys
    where (client_id, key) in (
      select client_id, key from json_to_recordset(${JSON.stringify(wanted)}::text::json) as wanted(client_id text, key text))`;
  return new Map(rows.map((row) => [keyOf(row.client_id, row.key), row]));
}

function keyOf(clientId: string, key: string | undefined): string {
  return `${clientId}\n${key}`;
}
