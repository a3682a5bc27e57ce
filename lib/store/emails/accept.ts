// Accepting new emails: each request once, within its client's limits, and what became of it.

import {
  type LimitName,
  type RateLimitRow,
  type RateLimits,
  retryAfter,
  toRateLimits,
} from '../clients/rate-limits.ts';
import { inTransaction, type Query, type Sql } from '../database.ts';
import type { Acceptance, NewEmail } from './acceptance.ts';
import { forgetAttachments, hasAttachments, joinChunks, storeAttachments } from './attachments.ts';
import { type AcceptedStatus, type EarlierRequest, findEarlier, firstsOfKeys, keyOf } from './earlier-requests.ts';
import { type StoredRow, storeEmails } from './store-emails.ts';

/** An email of a request whose sender its client may not use. */
export interface RefusedSender {
  /** Its place among the request's emails. */
  index: number;
  sender: string;
}

interface SenderRefusal {
  senders: RefusedSender[];
  /** What the client may use. */
  allowed_senders: string[];
}

/** The outcome of a request. `limits` is what its client has left; null: it has no limits. */
export type Accepted =
  | {
      outcome: 'stored';
      emails: { id: string; status: AcceptedStatus }[];
      /** Of a permissive request. */
      left_out: SenderRefusal;
      limits: RateLimits | null;
    }
  | ({ outcome: 'earlier'; limits: RateLimits | null } & EarlierRequest)
  | ({ outcome: 'sender_refused' } & SenderRefusal)
  | { outcome: 'limited'; by: LimitName; cost: number; retry_after_s: number; limits: RateLimits };

/**
 * Stores the emails of several requests in one statement, with their contents, events and idempotency keys. Stores only what the
 * client may send: allowed senders, within its limits. Suppressed recipients are settled as such; an email without others ends
 * there. A refused request stores nothing.
 *
 * After `graceMs`, dispatch publishes an id that no worker has claimed, because the direct publish may be lost.
 */
export async function insertEmails(sql: Sql, acceptances: Acceptance[], graceMs: number): Promise<Accepted[]> {
  const firstOf = firstsOfKeys(acceptances);
  const firsts = [...new Set(firstOf.values())];
  const emails = firsts.flatMap((first) => first.emails).filter(hasAttachments);
  const chunks = joinChunks(emails);
  const rows =
    chunks !== undefined
      ? await storeEmails(sql, firsts, graceMs, emails.length > 0 ? chunks : undefined)
      : await inTransaction(sql, (transaction) => storeWithAttachments(transaction, firsts, emails, graceMs));
  const outcomes = new Map(firsts.map((first, index) => [first, outcomeOf(first, rows.get(index + 1) ?? [])]));
  const answers = acceptances.map((acceptance) => {
    const first = firstOf.get(acceptance) ?? acceptance;
    const outcome = outcomes.get(first);
    const isSettled = outcome?.outcome === 'limited' || (outcome?.outcome === 'stored' && first === acceptance);
    return { acceptance, outcome, isSettled: isSettled || acceptance.idempotency === null };
  });
  const earlier = await findEarlier(
    sql,
    answers.flatMap(({ acceptance, isSettled }) => (isSettled ? [] : [acceptance])),
  );
  return answers.map(({ acceptance, outcome, isSettled }) => {
    const found = isSettled ? undefined : earlier.get(keyOf(acceptance));
    const limits = outcome && 'limits' in outcome ? outcome.limits : null;
    if (found !== undefined) return { outcome: 'earlier', limits, ...found };
    // The key was purged at this moment: the client tries again, as after any failure.
    if (outcome === undefined || outcome.outcome === 'key_taken') throw new Error('an idempotency key vanished');
    return outcome;
  });
}

/**
 * For large ones. Attachments first: what the statement locks, above all the rows of clients with limits, it holds until the end of the
 * transaction, and others wait for it.
 */
async function storeWithAttachments(sql: Query, acceptances: Acceptance[], emails: NewEmail[], graceMs: number) {
  await storeAttachments(sql, emails);
  const rows = await storeEmails(sql, acceptances, graceMs);
  const stored = new Set([...rows.values()].flat().flatMap(({ id, status }) => (status === null ? [] : [id])));
  const refused = emails.flatMap(({ id }) => (stored.has(id) ? [] : [id]));
  if (refused.length > 0) await forgetAttachments(sql, refused);
  return rows;
}

type StoreOutcome = Exclude<Accepted, { outcome: 'earlier' }> | { outcome: 'key_taken'; limits: RateLimits | null };

/** `rows` are of the emails of one request. */
function outcomeOf({ emails, permissive }: Acceptance, rows: StoredRow[]): StoreOutcome {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const senders = emails.flatMap(({ id, sender }, index) => (byId.get(id)?.sender_allowed ? [] : [{ index, sender }]));
  const allowed_senders = rows.find((row) => row.allowed_senders !== null)?.allowed_senders ?? [];
  if (senders.length > 0 && !permissive) return { outcome: 'sender_refused', senders, allowed_senders };

  const [first] = rows;
  const limited = first && hasLimits(first) ? first : undefined;
  const limits = limited ? toRateLimits(limited) : null;
  if (first?.refused && limited && limits) {
    const cost = emails.length - senders.length;
    const retry_after_s = retryAfter(first.refused, limited);
    return { outcome: 'limited', by: first.refused, cost, retry_after_s, limits };
  }
  const stored = emails.flatMap(({ id }) => {
    const status = byId.get(id)?.status ?? null;
    return status === null ? [] : [{ id, status }];
  });
  if (stored.length + senders.length < emails.length) return { outcome: 'key_taken', limits };
  return { outcome: 'stored', emails: stored, left_out: { senders, allowed_senders }, limits };
}

function hasLimits(row: StoredRow): row is StoredRow & RateLimitRow {
  return row.day_ends_in_s !== null;
}
