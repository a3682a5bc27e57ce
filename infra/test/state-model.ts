// A model of one email's life for the state walk: what its states are, how they begin, and how one is made real and read again.
import type { Sql } from '../../lib/store/database.ts';
import { insertEmails } from '../../lib/store/emails/accept.ts';
import type { Acceptance } from '../../lib/store/emails/acceptance.ts';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';
import type { DeliveryMode, EmailStatus, SettledRecipient } from '../../lib/store/emails/email.ts';
import { addSuppressions } from '../../lib/store/suppressions/suppressions.ts';

export const recipients = ['first@example.com', 'second@example.com'];
const [first = '', second = ''] = recipients;
export const clientId = 'walker';
export const id = '01890000-0000-7000-8000-000000000001';

/** The row as JSON, so that it can be stored again. */
export interface Row {
  status: EmailStatus;
  delivery: DeliveryMode;
  due_at: string | null;
  queued_at: string | null;
  finished_at: string | null;
  data_started_at: string | null;
  expires_at: string | null;
  erased_at: string | null;
  wanted_at: string;
  attempts: number;
  reported: boolean;
  settled: Record<string, SettledRecipient>;
}

export interface State {
  row: Row;
  hasContents: boolean;
  /** Recipients that its client sends no more to. */
  suppressed: string[];
  /** Reports that came while it was being sent: rows of email_reports. */
  kept: { recipient: string; kind: string }[];
  /** What the last worker that claimed it holds; null when that worker is done, or dead. Workers before it are fenced off. */
  claim: ClaimedEmail | null;
  /** What has just been done to it. Not part of what it is. */
  statements: Statement[];
}

/** A statement that wrote the row, as triggers saw it. */
export interface Statement {
  /** Null: a new row; undefined: the row was left alone. */
  from?: EmailStatus | null;
  to?: EmailStatus;
  /** A trigger's: what was reported too early counts at last. */
  isByTrigger: boolean;
  /** Types of the events written with it, in order. */
  events: string[];
}

const day = 86_400_000;
export const graceMs = 30_000;
export const giveUpAfterMs = 2 * day;
const isPast = (time: string | null) => time !== null && Date.parse(time) <= Date.now();
export const isOld = ({ wanted_at }: Row) => Date.parse(wanted_at) < Date.now() - giveUpAfterMs;

/** What makes two states the same: all that decisions look at. */
export function nameOf({ row, hasContents, suppressed, kept, claim }: State): string {
  const outcomes = [...recipients, 'erased'].flatMap((recipient) => row.settled[recipient]?.status ?? []);
  const isEnd = row.finished_at !== null;
  return [
    row.status,
    row.delivery,
    ...outcomes,
    !hasContents && 'without contents',
    row.erased_at && 'erased',
    ...suppressed.map((recipient) => `no more to ${recipient}`),
    ...kept.map(({ recipient, kind }) => `${recipient} is reported ${kind}`).toSorted(),
    row.reported && 'reported',
    // Nobody can report of what was never attempted.
    row.status === 'queued' && row.expires_at === null && suppressed.length === 0 && row.attempts > 0 && 'attempted',
    claim && 'held by a worker',
    !isEnd && claim && claim.wanted_for_ms >= giveUpAfterMs && 'since it was old',
    row.status === 'queued' && row.queued_at === null && 'without a place on the queue',
    row.status === 'sending' && row.data_started_at && 'in DATA',
    !isEnd && row.expires_at && (isPast(row.expires_at) ? 'too late' : 'expires'),
    !isEnd && isOld(row) && 'old',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Every way in which an email can come to be. */
export async function accept(sql: Sql): Promise<State[]> {
  const states: State[] = [];
  const inAnHour = new Date(Date.now() + 3_600_000);
  const inADay = new Date(Date.now() + day);
  for (const delivery of ['at_least_once', 'at_most_once'] as const)
    for (const scheduled_at of [null, inAnHour])
      for (const expires_at of [null, inADay])
        for (const suppressed of delivery === 'at_least_once' && expires_at === null ? [[], [first], recipients] : [[]])
          for (const waits of scheduled_at === null && suppressed.length === 0 ? [false, true] : [false]) {
            const email = { id, lane: 'bulk', delivery, sender: 'a@example.com', recipients, subject: 's' } as const;
            const headers = { from: { email: 'a@example.com' }, to: [], cc: [], bcc: [], reply_to: [] };
            const content = { headers, custom_headers: {}, attachments: [], tags: [], metadata: {} };
            const acceptance: Acceptance = {
              client_id: clientId,
              idempotency: null,
              emails: [
                {
                  ...email,
                  ...content,
                  message_id: '<m>',
                  text_body: 'x',
                  html_body: null,
                  traceparent: null,
                  scheduled_at,
                  expires_at,
                  waits,
                },
              ],
            };
            await addSuppressions(sql, clientId, suppressed);
            await insertEmails(sql, [acceptance], graceMs);
            states.push({ ...(await read(sql, null)) } as State);
            await sql`with lifted as (delete from suppressions) delete from emails`;
          }
  return states;
}

/**
 * The function that `store` calls: the walk makes states some ten thousand times, and this is one round trip and no planning. And the
 * triggers that see which statements change the row and write events.
 */
export async function prepareStore(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create unlogged table seen (
      id integer generated always as identity primary key, at timestamptz default statement_timestamp(),
      depth integer default pg_trigger_depth(), change jsonb not null);
    create function see_row() returns trigger language plpgsql as $$
    begin
      insert into seen (change) values (jsonb_build_object('from', case when tg_op = 'UPDATE' then old.status end, 'to', new.status));
      return null;
    end $$;
    create trigger see_row after insert or update on emails for each row execute function see_row();
    create function see_event() returns trigger language plpgsql as $$
    begin
      -- Reports have an event for each recipient, whatever they change.
      if not new.detail ? 'source' then insert into seen (change) values (jsonb_build_object('event', new.type)); end if;
      return null;
    end $$;
    create trigger see_event after insert on email_events for each row execute function see_event();
    create function store_state("row" jsonb, has_contents boolean, suppressed text[], kept jsonb, detail jsonb) returns integer
    language plpgsql as $$
    declare
      stored emails := jsonb_populate_record(null::emails, "row");
    begin
      delete from suppressions;
      delete from emails;
      insert into suppressions (client_id, recipient, reason)
      select stored.client_id, each, 'manual' from unnest(suppressed) each;
      insert into emails select stored.*;
      insert into email_reports select * from jsonb_populate_recordset(null::email_reports, kept);
      if has_contents then
        insert into email_contents (email_id, headers, text_body) values (stored.id, '{"from": {}}', 'x');
      end if;
      if stored.erased_at is null then
        insert into email_events (email_id, type, detail) values (stored.id, 'attempt', detail);
      end if;
      return (select max(id) from seen);
    end $$`);
}

/** What has been looked at of the table `seen` of each database: rows up to this one. */
const lastSeen = new WeakMap<Sql, number>();

/** Makes the table hold this state alone, as an email with a history that quotes its recipients. */
export async function store(sql: Sql, { row, hasContents, suppressed, kept }: State): Promise<void> {
  const detail = { reply: `<${first}> refused`, recipients: { [first]: 'bounced', [second]: 'sent' } };
  const [stored] = await sql<{ seen: number }[]>`
    select store_state(${JSON.stringify(row)}::text::jsonb, ${hasContents}, ${suppressed}::text[],
                       ${JSON.stringify(kept)}::text::jsonb, ${JSON.stringify(detail)}::text::jsonb) as seen`;
  if (stored?.seen) lastSeen.set(sql, stored.seen);
}

/** Undefined once the row is purged. */
export async function read(sql: Sql, claim: ClaimedEmail | null): Promise<State | undefined> {
  const [found] = await sql<
    (Omit<State, 'claim' | 'statements'> & { seen: { depth: number; changes: Seen[] }[]; last: number })[]
  >`
    select to_jsonb(emails) as row, email_id is not null as "hasContents",
           array(select recipient from suppressions order by recipient) as suppressed,
           (select coalesce(jsonb_agg(to_jsonb(email_reports)), '[]') from email_reports where waits) as kept,
           (select coalesce(jsonb_agg(jsonb_build_object('depth', depth, 'changes', changes) order by at, depth), '[]')
            from (select at, depth, jsonb_agg(change order by id) as changes from seen
                  where id > ${lastSeen.get(sql) ?? 0} group by at, depth) statement) as seen,
           (select max(id) from seen) as last
    from emails left join email_contents on email_id = id`;
  if (found === undefined) return undefined;
  const { seen, last, ...state } = found;
  lastSeen.set(sql, last);
  return { ...state, claim, statements: seen.flatMap(toStatements) };
}

type Seen = { from: EmailStatus | null; to: EmailStatus } | { event: string };

/** One that changes the row several times, as for the reports of two recipients, is as many: events follow the change that they tell of. */
function toStatements({ depth, changes }: { depth: number; changes: Seen[] }): Statement[] {
  const statements: Statement[] = [{ isByTrigger: depth > 1, events: [] }];
  for (const change of changes) {
    const last = statements.at(-1) as Statement;
    if ('event' in change) last.events.push(change.event);
    else if (last.to === undefined) Object.assign(last, change);
    else statements.push({ isByTrigger: depth > 1, events: [], ...change });
  }
  return statements;
}

/** Everything the database still says of the email, as text. */
export async function everythingStored(sql: Sql): Promise<string> {
  const rows = await sql`
    select to_jsonb(emails) as row, (select jsonb_agg(event) from email_events event) as events,
           (select jsonb_agg(content) from email_contents content) as contents,
           (select jsonb_agg(report) from email_reports report) as reports from emails`;
  return JSON.stringify(rows);
}
