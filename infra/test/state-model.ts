// A model of one email's life for the state walk: its states, and everybody who may change them, each by the code that really does it.

import { expire, failEmpty, nextStep, relaysAway } from '../../functions/consume/next-step.ts';
import { type AttemptResult, classify, type SmtpReply } from '../../functions/consume/outcome.ts';
import { dueStep } from '../../functions/relay/due-step.ts';
import { cancelEmail } from '../../functions/send/cancel-email.ts';
import type { Sql } from '../../lib/db.ts';
import { type Acceptance, insertEmails } from '../../lib/emails/accept.ts';
import { type ClaimedEmail, claimEmails, markDataStarted, renewLeases } from '../../lib/emails/claim.ts';
import { lockDueEmails } from '../../lib/emails/due.ts';
import type { DeliveryMode, EmailStatus, SettledRecipient } from '../../lib/emails/email.ts';
import { eraseRecipient } from '../../lib/emails/erase.ts';
import { moveEmails } from '../../lib/emails/move.ts';
import { purgeContents, purgeEmails } from '../../lib/emails/purge.ts';
import { replayEmail } from '../../lib/emails/replay.ts';

export const recipients = ['first@example.com', 'second@example.com'];
const [first = '', second = ''] = recipients;
export const clientId = 'walker';
const id = '01890000-0000-7000-8000-000000000001';

/** The row as JSON, so that it can be stored again. */
export interface Row {
  status: EmailStatus;
  delivery: DeliveryMode;
  due_at: string | null;
  finished_at: string | null;
  data_started_at: string | null;
  expires_at: string | null;
  erased_at: string | null;
  wanted_at: string;
  settled: Record<string, SettledRecipient>;
}

export interface State {
  row: Row;
  hasContents: boolean;
  /** What the last worker that claimed it holds; null when that worker is done, or dead. Workers before it are fenced off. */
  claim: ClaimedEmail | null;
}

const day = 86_400_000;
const graceMs = 30_000;
const leaseMs = 60_000;
const giveUpAfterMs = 2 * day;
const retry = { baseMs: 30_000, maxMs: day, giveUpAfterMs };
const isPast = (time: string | null) => time !== null && Date.parse(time) <= Date.now();
const isOld = ({ wanted_at }: Row) => Date.parse(wanted_at) < Date.now() - giveUpAfterMs;

/** What makes two states the same: all that decisions look at. */
export function nameOf({ row, hasContents, claim }: State): string {
  const outcomes = [...recipients, 'erased'].flatMap((recipient) => row.settled[recipient]?.status ?? []);
  const isEnd = row.finished_at !== null;
  return [
    row.status,
    row.delivery,
    ...outcomes,
    !hasContents && 'without contents',
    row.erased_at && 'erased',
    claim && 'held by a worker',
    !isEnd && claim && claim.wanted_for_ms >= giveUpAfterMs && 'since it was old',
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
  for (const delivery of ['at_least_once', 'at_most_once'] as const)
    for (const scheduled_at of [null, inAnHour])
      for (const expires_at of [null, new Date(Date.now() + day)]) {
        const email = { id, lane: 'bulk', delivery, sender: 'a@example.com', recipients, subject: 's' } as const;
        const content = { headers: { from: { email: 'a@example.com' }, to: [], cc: [], bcc: [], reply_to: [] } };
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
            },
          ],
        };
        await insertEmails(sql, [acceptance], graceMs);
        states.push({ ...(await read(sql, null)) } as State);
        await sql`delete from emails`;
      }
  return states;
}

/** Makes the table hold this state alone, as an email with a history that quotes its recipients. */
async function store(sql: Sql, { row, hasContents }: State): Promise<void> {
  const detail = { reply: `<${first}> refused`, recipients: { [first]: 'bounced', [second]: 'sent' } };
  await sql`delete from emails`;
  await sql`
    with email as (
      insert into emails select * from jsonb_populate_record(null::emails, ${JSON.stringify(row)}::text::jsonb)
      returning id, erased_at
    ), contents as (
      insert into email_contents (email_id, headers, text_body) select id, '{"from": {}}', 'x' from email where ${hasContents}
    )
    insert into email_events (email_id, type, detail)
    select id, 'attempt', ${JSON.stringify(detail)}::text::jsonb from email where erased_at is null`;
}

/** Undefined once the row is purged. */
async function read(sql: Sql, claim: ClaimedEmail | null): Promise<State | undefined> {
  const [found] = await sql<{ row: Row; hasContents: boolean }[]>`
    select to_jsonb(emails) as row, email_id is not null as "hasContents"
    from emails left join email_contents on email_id = id`;
  return found && { ...found, claim };
}

/** Returns the claim that a worker holds afterwards; undefined: as before. */
type Act = (sql: Sql, state: State) => Promise<ClaimedEmail | null | undefined>;
export interface Actor {
  /** Who keeps things going: of these alone it is asked that everything comes to an end. */
  kind: 'machine' | 'time' | 'accident' | 'person';
  act: Act;
  /** What there must be for it; always, if not given. */
  needs?: 'a claim' | 'contents';
}

export function canAct({ needs }: Actor, { claim, hasContents }: State): boolean {
  return needs === 'a claim' ? claim !== null : needs === 'contents' ? hasContents : true;
}

/** Makes `state` real, lets the actor do its work, and looks. */
export async function apply(sql: Sql, state: State, { act }: Actor): Promise<State | undefined> {
  await store(sql, state);
  const claim = await act(sql, state);
  return read(sql, claim === undefined ? state.claim : claim);
}

const reply = (code: number): SmtpReply => ({ code, enhanced_code: null, text: `<${first}> ${code}` });
const refused = (recipient: string, code: number) => new Map([[recipient, reply(code)]]);
const nobody = new Map<string, SmtpReply>();
const lost = { ended: 'lost', timed_out: false, reason: 'gone', refused: nobody } as const;
const results: Record<string, AttemptResult> = {
  'is taken': { ended: 'accepted', reply: reply(250), refused: nobody },
  'is taken, the first recipient bounces': { ended: 'accepted', reply: reply(250), refused: refused(first, 550) },
  'is taken, the first recipient is deferred': { ended: 'accepted', reply: reply(250), refused: refused(first, 450) },
  bounces: { ended: 'refused', stage: 'data', reply: reply(550), refused: nobody },
  'is deferred': { ended: 'refused', stage: 'data', reply: reply(450), refused: nobody },
  'is deferred, the second recipient bounces': {
    ended: 'refused',
    stage: 'data',
    reply: reply(450),
    refused: refused(second, 550),
  },
  'is lost before DATA': { ...lost, stage: 'connect', transmitted: false },
  'is lost after DATA': { ...lost, stage: 'data', transmitted: true },
};

const record =
  (result: AttemptResult): Act =>
  async (sql, { claim }) => {
    if (claim === null) return undefined;
    const outcome = classify(result, claim.recipients);
    await moveEmails(sql, [nextStep(claim, [{ relay: 'r', ms: 1, outcome }], retry, 0)]);
    return null;
  };

/** As in deliver.ts, up to the conversation. */
const claim: Act = async (sql) => {
  const [claimed] = await claimEmails(sql, [id], leaseMs);
  if (claimed === undefined) return undefined;
  const isTooLate = claimed.expires_in_ms !== null && claimed.expires_in_ms <= 0;
  if (!isTooLate && claimed.headers !== null) return claimed;
  await moveEmails(sql, [isTooLate ? expire(claimed) : failEmpty(claimed)]);
  return null;
};

/** As in relay-due.ts, once the time has come. */
const relay: Act = async (sql) => {
  await sql`update emails set due_at = now() - interval '1 second' where due_at is not null`;
  await sql.begin(async (transaction) => {
    const due = await lockDueEmails(transaction, 1);
    await moveEmails(
      transaction,
      due.map((email) => dueStep(email, { publishGraceMs: graceMs, giveUpAfterMs })),
    );
  });
  return undefined;
};

const request = { params: { id } } as unknown as Parameters<typeof cancelEmail>[0];
const cancel: Act = async (sql) => {
  // Too late is an answer as well.
  await cancelEmail(request, { clientId, scopes: [], jti: '' }, { sql }).catch(() => {});
  return undefined;
};

const does =
  (work: (sql: Sql, state: State) => Promise<unknown>): Act =>
  async (sql, state) => {
    await work(sql, state);
    return undefined;
  };

export const actors: Record<string, Actor> = {
  'relay looks': { kind: 'machine', act: relay },
  'a worker claims': { kind: 'machine', act: claim },
  ...Object.fromEntries(
    Object.entries(results).map(([how, result]) => [
      `the attempt ${how}`,
      { kind: 'machine', needs: 'a claim', act: record(result) } as const,
    ]),
  ),
  'no SMTP relay may be asked': {
    kind: 'machine',
    needs: 'a claim',
    act: async (sql, { claim }) => {
      if (claim) await moveEmails(sql, [relaysAway(claim, retry.baseMs, retry)]);
      return null;
    },
  },
  'the attempt begins DATA': {
    kind: 'machine',
    needs: 'a claim',
    act: does(async (sql, { claim, row }) => {
      if (claim && row.delivery === 'at_most_once') await markDataStarted(sql, id, claim.attempts);
    }),
  },
  'the lease is renewed': {
    kind: 'machine',
    needs: 'a claim',
    act: does(async (sql, { claim }) => claim && renewLeases(sql, [claim], leaseMs)),
  },
  'the worker dies': { kind: 'accident', needs: 'a claim', act: async () => null },
  'the contents are deleted by hand': {
    kind: 'accident',
    needs: 'contents',
    act: does((sql) => sql`delete from email_contents`),
  },
  'it grows old': {
    kind: 'time',
    act: does((sql) => sql`update emails set wanted_at = now() - interval '3 days' where finished_at is null`),
  },
  'it expires': {
    kind: 'time',
    act: does((sql) => sql`update emails set expires_at = now() - interval '1 second' where expires_at is not null`),
  },
  // A negative age: whatever is at its end is old enough.
  'its contents are purged': { kind: 'time', act: does((sql) => purgeContents(sql, -1_000, 10)) },
  'it is purged': { kind: 'time', act: does((sql) => purgeEmails(sql, -1_000, 10)) },
  'its client cancels': { kind: 'person', act: cancel },
  'its client replays': {
    kind: 'person',
    act: does((sql) => replayEmail(sql, { client_id: clientId }, id, graceMs)),
  },
  'the first recipient is erased': { kind: 'person', act: does((sql) => eraseRecipient(sql, 'anybody', first)) },
};

/** Everything the database still says of the email, as text. */
export async function everythingStored(sql: Sql): Promise<string> {
  const rows = await sql`
    select to_jsonb(emails) as row, (select jsonb_agg(event) from email_events event) as events,
           (select jsonb_agg(content) from email_contents content) as contents from emails`;
  return JSON.stringify(rows);
}

/** What a worker records whose claim was lost long ago: a later one has claimed since. */
export async function applyStaleWorker(sql: Sql, state: State): Promise<State | undefined> {
  await store(sql, state);
  const [row] = await sql<{ attempts: number }[]>`select attempts from emails`;
  const stale = {
    id,
    attempts: (row?.attempts ?? 0) - 1,
    recipients,
    settled: {},
    wanted_for_ms: 0,
    expires_in_ms: null,
    delivery: 'at_least_once',
  };
  const result = results['is taken'];
  if (result) await record(result)(sql, { ...state, claim: stale as unknown as ClaimedEmail });
  return read(sql, state.claim);
}
