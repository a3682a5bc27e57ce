// All actors that may change an email, for the state walk: each runs the real code.
import { isDeepStrictEqual } from 'node:util';
import { expire, failEmpty, handBack, nextStep, relaysAway } from '../../functions/consume/next-step.ts';
import { type AttemptResult, classify } from '../../functions/consume/outcome.ts';
import { dueStep } from '../../functions/dispatch/due-step.ts';
import { cancelEmail } from '../../functions/send/cancel-email.ts';
import type { SmtpReply } from '../../lib/mail/smtp-reply.ts';
import { inTransaction, type Sql } from '../../lib/store/database.ts';
import { type ClaimedEmail, claimEmails, markDataStarted, renewLeases } from '../../lib/store/emails/claim.ts';
import { lockDueByClient, lockDueEmails } from '../../lib/store/emails/due.ts';
import { eraseRecipient } from '../../lib/store/emails/erase.ts';
import { purgeContents, purgeEmails } from '../../lib/store/emails/purge.ts';
import { replayEmail } from '../../lib/store/emails/replay.ts';
import { type ReportKind, takeReports } from '../../lib/store/emails/reports.ts';
import { rescheduleEmail } from '../../lib/store/emails/reschedule.ts';
import { transitionEmails } from '../../lib/store/emails/transition-emails.ts';
import type { Mover } from '../../lib/store/emails/transitions.ts';
import { lookAtWaitingMs, newTurn, takeWaiting } from '../../lib/store/emails/waiting.ts';
import { addSuppressions, removeSuppression } from '../../lib/store/suppressions/suppressions.ts';
import { clientId, giveUpAfterMs, graceMs, id, isOld, read, recipients, type State, store } from './state-model.ts';

const [first = '', second = ''] = recipients;
const leaseMs = 60_000;
const retry = { baseMs: 30_000, maxMs: giveUpAfterMs, giveUpAfterMs };

/** Returns the claim that a worker holds afterwards; undefined: as before. */
type Act = (sql: Sql, state: State) => Promise<ClaimedEmail | null | undefined>;
export interface Actor {
  /** Who keeps things going: of these alone it is asked that everything comes to an end. */
  kind: 'machine' | 'time' | 'accident' | 'person' | 'outside';
  act: Act;
  /** As whom the table of transitions knows it; nobody: it changes no status. */
  as?: readonly Mover[];
  /** What there must be for it; always, if not given. */
  needs?: 'a claim' | 'contents';
  /** Reports are walked with a part of the states, too. */
  reports?: true;
  /** Suppressions are walked with a part of the states alone: with all, there would be thrice as many. */
  suppresses?: true;
}

export function canAct({ needs, suppresses, reports }: Actor, state: State): boolean {
  const { row, claim, hasContents } = state;
  if (reports && !canBeReported(state)) return false;
  if (suppresses && (row.delivery === 'at_most_once' || row.expires_at !== null || isReported(state))) return false;
  // Whoever holds a claim does not look at the list.
  if (suppresses && needs !== 'a claim' && claim !== null) return false;
  return needs === 'a claim' ? claim !== null : needs === 'contents' ? hasContents : true;
}

/** Of the states that differ only in what has nothing to do with reports, one is enough. */
function canBeReported({ row, claim, hasContents, suppressed, kept }: State): boolean {
  if (!hasContents || row.expires_at !== null || suppressed.length > 0 || kept.length > 0 || isOld(row)) return false;
  if (row.status === 'sending')
    return claim !== null && row.data_started_at === null && Object.keys(row.settled).length === 0;
  return claim === null && ['queued', 'deferred', 'unknown', 'sent', 'delivered', 'bounced'].includes(row.status);
}

function isReported({ row, kept }: State): boolean {
  const outcomes = Object.values(row.settled).map(({ status }) => status);
  return row.reported || kept.length > 0 || outcomes.includes('delivered') || outcomes.includes('complained');
}

/** What the table of each database holds, where the actor before has left it as it was: then it need not be made again. */
const untouched = new WeakMap<Sql, State>();

/** Makes `state` real, lets the actor do its work, and looks. */
export async function apply(sql: Sql, state: State, { act }: Actor): Promise<State | undefined> {
  if (untouched.get(sql) !== state) await store(sql, state);
  untouched.delete(sql);
  const claim = await act(sql, state);
  const after = await read(sql, claim === undefined ? state.claim : claim);
  const { row, hasContents, suppressed, kept } = state;
  const before = { row, hasContents, suppressed, kept, claim: after?.claim, statements: after?.statements };
  if (isDeepStrictEqual(after, before)) untouched.set(sql, state);
  return after;
}

/** None says that an address does not exist. */
const reply = (code: number): SmtpReply => ({ code, enhanced_code: null, text: `<${first}> ${code} by policy` });
const noSuchUser = { code: 550, enhanced_code: '5.1.1', text: `<${first}> unknown` };
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
    await transitionEmails(sql, [nextStep(claim, [{ relay: 'r', ms: 1, outcome }], retry, 0)]);
    return null;
  };

/** As in deliver.ts, up to the conversation. */
const claim: Act = async (sql) => {
  const [claimed] = await claimEmails(sql, [id], leaseMs);
  // Nobody has it then, and a worker before may still report.
  if (claimed === undefined || claimed.ended !== null) return undefined;
  const isTooLate = claimed.expires_in_ms !== null && claimed.expires_in_ms <= 0;
  if (!isTooLate && claimed.headers !== null) return claimed;
  await transitionEmails(sql, [isTooLate ? expire(claimed) : failEmpty(claimed)]);
  return null;
};

/** As in dispatch-emails.ts, once the time has come. */
const dispatch: Act = async (sql) => {
  await sql`update emails set due_at = now() - interval '1 second' where due_at is not null`;
  await inTransaction(sql, async (transaction) => {
    const due = await lockDueEmails(transaction, 1, 0);
    await transitionEmails(
      transaction,
      due.map((email) => dueStep(email, { publishGraceMs: graceMs, giveUpAfterMs })),
    );
  });
  return undefined;
};

/** As in dispatch-emails.ts, where its client has many that are due. */
const letWait: Act = async (sql) => {
  await sql`update emails set due_at = now() - interval '1 second' where due_at is not null`;
  await inTransaction(sql, async (transaction) => {
    const {
      emails: [due],
    } = await lockDueByClient(transaction, { perClient: 1, clients: 1, after: '' });
    if (due === undefined) return;
    const transition = dueStep(due, { publishGraceMs: graceMs, giveUpAfterMs });
    await transitionEmails(transaction, [
      transition.to === 'queued' ? { ...transition, waits: true, due_in_ms: lookAtWaitingMs } : transition,
    ]);
  });
  return undefined;
};

const request = { params: { id }, client: { clientId, scopes: [], jti: '' } } as unknown as Parameters<
  typeof cancelEmail
>[0];
const cancel: Act = async (sql) => {
  // Too late is an answer as well.
  await cancelEmail(request, { sql }).catch(() => {});
  return undefined;
};

const does =
  (work: (sql: Sql, state: State) => Promise<unknown>): Act =>
  async (sql, state) => {
    await work(sql, state);
    return undefined;
  };

/** Somebody behind the relay reports of these recipients. */
const reported = (kind: ReportKind, whom: readonly string[]): Actor => ({
  kind: 'outside',
  as: ['report'],
  reports: true,
  act: does((sql) =>
    takeReports(
      sql,
      whom.map((recipient) => ({
        ...{ email_id: id, message_id: null, keys: [recipient], may_be_other: false, kind },
        ...{ hard: false, tells_deliveries: false },
        detail: {
          source: 'smtp',
          reported_at: null,
          code: null,
          enhanced_code: null,
          category: null,
          hard: false,
          reply: null,
        },
      })),
    ),
  ),
});

export const actors: Record<string, Actor> = {
  'dispatch looks': { kind: 'machine', as: ['dispatch'], act: dispatch },
  'dispatch lets it wait': { kind: 'machine', as: ['dispatch'], act: letWait },
  'dispatch gives it a place': {
    kind: 'machine',
    act: does((sql) => takeWaiting(sql, 'bulk', { limit: 1, turn: newTurn, graceMs })),
  },
  'a worker claims': { kind: 'machine', as: ['claim', 'release'], act: claim },
  ...Object.fromEntries(
    Object.entries(results).map(([how, result]) => [
      `the attempt ${how}`,
      { kind: 'machine', as: ['attempt'], needs: 'a claim', act: record(result) } as const,
    ]),
  ),
  'the attempt bounces for good': {
    kind: 'machine',
    as: ['attempt'],
    needs: 'a claim',
    suppresses: true,
    act: record({ ended: 'accepted', reply: reply(250), refused: new Map([[first, noSuchUser]]) }),
  },
  'no SMTP relay may be asked': {
    kind: 'machine',
    as: ['release'],
    needs: 'a claim',
    act: async (sql, { claim }) => {
      if (claim) await transitionEmails(sql, [relaysAway(claim, retry.baseMs, retry)]);
      return null;
    },
  },
  'the worker is to end, the attempt not begun': {
    kind: 'machine',
    as: ['release'],
    needs: 'a claim',
    act: async (sql, { claim }) => {
      if (claim) await transitionEmails(sql, [handBack(claim, 'worker_stopped')]);
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
  'the first recipient is reported delivered': reported('delivered', [first]),
  'the first recipient is reported bounced': reported('bounced', [first]),
  'all recipients are reported delayed': reported('delayed', recipients),
  'all recipients are reported delivered': reported('delivered', recipients),
  'all recipients are reported bounced': reported('bounced', recipients),
  'all recipients complain': reported('complained', recipients),
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
  'its client cancels': { kind: 'person', as: ['cancel'], act: cancel },
  'its client reschedules': {
    kind: 'person',
    as: ['reschedule'],
    act: does((sql) => rescheduleEmail(sql, clientId, id, new Date(Date.now() + 7_200_000))),
  },
  'its client replays': {
    kind: 'person',
    as: ['replay'],
    act: does((sql) => replayEmail(sql, { client_id: clientId }, id, graceMs)),
  },
  'its client suppresses all recipients': {
    kind: 'person',
    suppresses: true,
    act: does((sql) => addSuppressions(sql, clientId, recipients)),
  },
  'its client lifts suppressions': {
    kind: 'person',
    suppresses: true,
    act: does((sql) => Promise.all(recipients.map((one) => removeSuppression(sql, clientId, one)))),
  },
  'the first recipient is erased': {
    kind: 'person',
    as: ['erase'],
    act: does((sql) => eraseRecipient(sql, 'anybody', first)),
  },
};

/** What a worker records whose claim was lost long ago: a later one has claimed since. */
export async function applyStaleWorker(sql: Sql, state: State): Promise<State | undefined> {
  untouched.delete(sql);
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
