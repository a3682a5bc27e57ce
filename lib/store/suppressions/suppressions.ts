// SQL of suppressions: recipients that a client sends no more to. transition-emails.ts adds those of hard bounces, with the bounce.
import type { Fragment, Query } from '../database.ts';
import { isEmailId as isSuppressionId, type SuppressionReason } from '../emails/email.ts';

export interface Suppression {
  id: string;
  /** In lower case. */
  recipient: string;
  reason: SuppressionReason;
  /** The email that bounced. */
  email_id: string | null;
  /** What the relay said. */
  detail: string | null;
  created_at: Date;
}

const columns = ['id', 'recipient', 'reason', 'email_id', 'detail', 'created_at'];

export { isSuppressionId };

/** `last_reply` of an email whose recipients are all suppressed. */
export const allSuppressed = 'every recipient is on the suppression list';

/**
 * The suppressed ones of `recipients` (an SQL expression: text[]) for `client` (an SQL expression; qualify its column, because
 * suppressions have a `client_id` too), in the form of `settled`:
 * `{"a@example.com": {"status": "suppressed", "reason": "hard_bounce", …}}`; `{}` if there are none. One look-up by primary key
 * for each recipient, however long the list of suppressions is.
 */
export function suppressedAmong(sql: Query, client: Fragment, recipients: Fragment) {
  return sql`
    (select coalesce(jsonb_object_agg(recipient, jsonb_build_object(
              'status', 'suppressed', 'code', null, 'enhanced_code', null, 'reply', null, 'reason', reason)), '{}')
     from (select recipient, (select reason from suppressions s
                              where s.client_id = ${client} and s.recipient = lower(each.recipient)) as reason
           from unnest(${recipients}) each(recipient)) looked_up
     where reason is not null)`;
}

/** The detail of the event `suppressed`, from what `suppressedAmong` gives (an expression): `{"recipients": {"a@example.com": "manual"}}`. */
export function suppressedDetail(sql: Query, settled: Fragment) {
  return sql`
    jsonb_build_object('recipients', (select jsonb_object_agg(key, value -> 'reason') from jsonb_each(${settled})))`;
}

export interface SuppressionFilter {
  recipient?: string | undefined;
  reason?: SuppressionReason | undefined;
  /** Only those after this one, by its address or id. */
  after?: string | undefined;
  /** Only those before this one, by its address or id. */
  before?: string | undefined;
}

/** At most `limit` suppressions of the client, in the order of their addresses; with `before`, those next to it, and the last first. */
export async function listSuppressions(
  sql: Query,
  clientId: string,
  { recipient, reason, after, before }: SuppressionFilter,
  limit: number,
): Promise<Suppression[]> {
  return sql<Suppression[]>`
    select ${sql(columns)} from suppressions
    where client_id = ${clientId}
      ${recipient === undefined ? sql`` : sql`and recipient = lower(${recipient})`}
      ${reason === undefined ? sql`` : sql`and reason = ${reason}`}
      ${after === undefined ? sql`` : sql`and recipient > ${addressOf(sql, clientId, after)}`}
      ${before === undefined ? sql`` : sql`and recipient < ${addressOf(sql, clientId, before)}`}
    order by recipient ${before === undefined ? sql`` : sql`desc`} limit ${limit}`;
}

/** The address of a suppression that is named by its address or its id; null where no suppression has the id. */
function addressOf(sql: Query, clientId: string, named: string) {
  return isSuppressionId(named)
    ? sql`(select recipient from suppressions where client_id = ${clientId} and id = ${named})`
    : sql`lower(${named})`;
}

/** Undefined where the client suppresses nobody of this address or id. */
export async function findSuppression(sql: Query, clientId: string, named: string): Promise<Suppression | undefined> {
  const [suppression] = await sql<Suppression[]>`
    select ${sql(columns)} from suppressions
    where client_id = ${clientId} and recipient = ${addressOf(sql, clientId, named)}`;
  return suppression;
}

/** How many of the client's suppressions were made by hand: a trigger (count_suppressions, 0015) counts them. */
export async function countManual(sql: Query, clientId: string): Promise<number> {
  const [row] = await sql<{ manual: number }[]>`
    select manual_suppressions as manual from client_counts where client_id = ${clientId}`;
  return row?.manual ?? 0;
}

/**
 * Suppresses them by hand; those that are suppressed already stay as they are. Returns all of them, in the order of their addresses.
 * Lock what the client stores first (`lockStored`), here and where one is removed: otherwise two could wait for each other.
 */
export async function addSuppressions(sql: Query, clientId: string, recipients: string[]): Promise<Suppression[]> {
  // In one statement, the second part does not see the rows that the first part adds.
  return sql<Suppression[]>`
    with wanted as (
      select distinct lower(recipient) as recipient from unnest(${recipients}::text[]) each(recipient)
    ), added as (
      insert into suppressions (client_id, recipient, reason)
      select ${clientId}, recipient, 'manual' from wanted order by recipient
      on conflict do nothing
      returning ${sql(columns)}
    )
    select ${sql(columns)} from added
    union all
    select ${sql(columns)} from suppressions
    where client_id = ${clientId} and recipient in (select recipient from wanted)
      and recipient not in (select recipient from added)
    order by recipient`;
}

/** False when the recipient was not suppressed. */
export async function removeSuppression(sql: Query, clientId: string, recipient: string): Promise<boolean> {
  return (await removeSuppressions(sql, clientId, [recipient])).length === 1;
}

/** `named` are addresses and ids. Returns those that were suppressed, and are no more. */
export async function removeSuppressions(
  sql: Query,
  clientId: string,
  named: readonly string[],
): Promise<Pick<Suppression, 'id' | 'recipient'>[]> {
  const ids = named.filter(isSuppressionId);
  const recipients = named.filter((one) => !isSuppressionId(one));
  return sql<Pick<Suppression, 'id' | 'recipient'>[]>`
    with wanted as (
      select recipient from suppressions where client_id = ${clientId} and id = any(${ids}::uuid[])
      union select lower(address) from unnest(${recipients}::text[]) each(address)
    )
    delete from suppressions where client_id = ${clientId} and recipient in (select recipient from wanted)
    returning id, recipient`;
}
