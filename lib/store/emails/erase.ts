// SQL that erases a recipient: keeps the proof that emails were sent, deletes the address and the contents.
import { inTransaction, type Query, type Sql } from '../database.ts';
import { erasureSets } from './columns.ts';
import { quotingDetails } from './events.ts';
import { type Owner, ownedBy } from './filter.ts';
import { keysOf, sentTo, withoutRecipient } from './recipients.ts';
import { ruleOf } from './transitions.ts';

const canceling = ruleOf('erase', 'canceled');

export interface Erasure {
  /** Emails from which the address is erased, including those canceled now. */
  erased: number;
  /** Emails that waited and are canceled now. */
  canceled: number;
  /** Emails that are being sent, or locked, at this moment; a later call erases them. */
  on_the_way: number;
}

/** Replaces the address. */
const placeholder = 'erased';
/** Emails of one transaction: few enough that it stays short. */
const batchSize = 200;

/** Erases the recipient from all of the owner's emails but those that are being sent. `address` is in its normal form; theirs may be spelled otherwise. */
export async function eraseRecipient(sql: Sql, owner: Owner, address: string): Promise<Erasure> {
  const total = { erased: 0, canceled: 0 };
  for (;;) {
    const batch = await inTransaction(sql, (transaction) => eraseSome(transaction, owner, address, batchSize));
    total.erased += batch.erased;
    total.canceled += batch.canceled;
    if (batch.erased < batchSize) break;
  }
  await forgetBounce(sql, owner, address);
  const [left] = await sql<{ count: number }[]>`
    select count(*)::integer from emails where ${sentTo(sql, address)} and ${ownedBy(sql, owner)}`;
  return { ...total, on_the_way: left?.count ?? 0 };
}

/** One batch, in a transaction. A first statement locks the rows, so that the next one sees every event written before. */
async function eraseSome(sql: Query, owner: Owner, address: string, limit: number) {
  const locked = await sql<{ id: string; open: boolean }[]>`
    select id, finished_at is null as open from emails
    where ${sentTo(sql, address)} and (finished_at is not null or status = any(${canceling.from})) and ${ownedBy(sql, owner)}
    order by id limit ${limit} for update skip locked`;
  const ids = locked.map(({ id }) => id);
  const open = locked.filter((row) => row.open).map(({ id }) => id);
  await cancelForErasure(sql, open);
  await eraseFrom(sql, ids, address);
  return { erased: ids.length, canceled: open.length };
}

/** A trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries of the event, in the same transaction. */
async function cancelForErasure(sql: Query, ids: string[]): Promise<void> {
  await sql`
    with canceled as (
      update emails set status = ${canceling.to}, due_at = null, finished_at = now()
      where id = any(${ids}::uuid[]) and status = any(${canceling.from})
      returning id
    )
    insert into email_events (email_id, type, detail)
    select id, ${canceling.event}, jsonb_build_object('reason', 'a recipient was erased') from canceled`;
}

/** The suppression stays, or the address would get mail again. The relay's reply and the email's id are deleted. */
async function forgetBounce(sql: Query, owner: Owner, address: string): Promise<void> {
  await sql`
    update suppressions set detail = null, email_id = null
    where recipient = any(${keysOf(sql, address)}) and ${ownedBy(sql, owner)}`;
}

/** Erases columns as columns.ts says. Replies are deleted whole, because relays quote addresses in them. */
async function eraseFrom(sql: Query, ids: string[], address: string): Promise<void> {
  await sql`
    with erased as (
      update emails
      set ${sql.unsafe(erasureSets)},
          recipients = array(select ${withoutRecipient(sql, address, placeholder)} from unnest(recipients) with ordinality each(recipient, position) order by position),
          settled = (select coalesce(jsonb_object_agg(${withoutRecipient(sql, address, placeholder)}, outcome || '{"reply": null}'), '{}')
                     from jsonb_each(settled) as each(recipient, outcome))
      where id = any(${ids}::uuid[])
    ), contents as (
      delete from email_contents where email_id = any(${ids}::uuid[])
    ), reports as (
      delete from email_reports where email_id = any(${ids}::uuid[]) and address_keys(array[recipient]) && ${keysOf(sql, address)}
    ), others as (
      -- What is said of one may quote another.
      update email_reports set detail = detail - ${quotingDetails}::text[]
      where email_id = any(${ids}::uuid[]) and not address_keys(array[recipient]) && ${keysOf(sql, address)}
    )
    update email_events set detail = detail - ${quotingDetails}::text[]
    where email_id = any(${ids}::uuid[]) and detail ?| ${quotingDetails}::text[]`;
}
