// What an outcome means for the email: what its status becomes, when it is tried again, and what its history says. Pure.

import { traceIdOf } from '../../lib/process/trace.ts';
import type { Recording } from '../../lib/store/database.ts';
import type { Claim, ClaimedEmail } from '../../lib/store/emails/claim.ts';
import type { SettledRecipient } from '../../lib/store/emails/email.ts';
import type { AttemptDetail, NewEvent } from '../../lib/store/emails/events.ts';
import type { Transition } from '../../lib/store/emails/transition-emails.ts';
import { backoff, type RetryPolicy } from './backoff.ts';
import { anotherMayTake } from './failover.ts';
import type { AttemptOutcome } from './outcome.ts';

/** One conversation with one relay, and its outcome. */
export interface Attempt {
  relay: string;
  ms: number;
  outcome: AttemptOutcome;
}

/** Category of a deferral without a conversation: every relay's breaker is open. */
const relaysAwayCategory = 'relays_away';

/**
 * Decides from the last conversation of this attempt: in the earlier ones, the relay took nothing, or we would not have tried
 * another. `random` is from 0 to 1, for the jitter.
 */
export function nextStep(
  email: ClaimedEmail,
  conversations: readonly [Attempt, ...Attempt[]],
  policy: RetryPolicy,
  random?: number,
): Transition<'attempt'> {
  const { outcome } = deciding(conversations);
  const { reply, reason } = outcome;
  const attempted = {
    id: email.id,
    by: 'attempt' as const,
    attempts: email.attempts,
    settled: settledRecipients(outcome),
    last_reply: reply ? `${reply.code} ${reply.enhanced_code ?? ''} ${reply.text}`.replace(/ +/g, ' ').trim() : reason,
    hard_bounces: hardBounces(outcome),
    facts: conversations.map((conversation) => attemptEvent(email, conversation)),
  };
  const end = (to: 'sent' | 'bounced' | 'unknown', why?: string): Transition<'attempt'> => ({
    ...attempted,
    to,
    due_in_ms: null,
    events: [{ type: to, detail: why === undefined ? {} : { reason: why } }],
  });

  switch (outcome.status) {
    case 'sent':
      return end('sent');
    case 'bounced':
      return anySent(email.settled) ? end('sent') : end('bounced');
    case 'unknown':
      if (email.delivery === 'at_most_once')
        return end('unknown', 'the relay may have taken it; it is not tried again');
      return tryAgain();
    case 'deferred':
      return tryAgain();
  }

  function tryAgain(): Transition<'attempt'> {
    return deferred(
      email,
      attempted,
      { waitMs: backoff(email.wanted_for_ms, policy, random), category: outcome.category },
      policy,
    );
  }
}

/** The last conversation; but if its relay cannot carry the email, one whose relay was only in trouble. */
function deciding(conversations: readonly [Attempt, ...Attempt[]]): Attempt {
  const last = conversations.at(-1) ?? conversations[0];
  if (!anotherMayTake(last.outcome.reply)) return last;
  return conversations.find(({ outcome }) => outcome.status === 'deferred') ?? last;
}

/** The transition of an email while every relay is left alone for `waitMs`. There was no attempt, so no event of one is written. */
export function relaysAway(email: ClaimedEmail, waitMs: number, policy: RetryPolicy): Transition<'release'> {
  const { id, attempts } = email;
  const released = { id, by: 'release' as const, attempts, settled: {}, last_reply: null, facts: [] };
  return deferred(email, released, { waitMs, category: relaysAwayCategory }, policy);
}

/**
 * The transition of an email whose worker must end before it begins, or is no longer sure of its claim. Another worker can take the
 * email at once. `conversations` are those that were broken off.
 */
export function handBack(
  email: ClaimedEmail,
  reason: 'worker_stopped' | 'lease_uncertain' | 'worker_busy',
  conversations: readonly Attempt[] = [],
): Transition<'release'> {
  return {
    id: email.id,
    by: 'release',
    attempts: email.attempts,
    to: 'queued',
    due_in_ms: 0,
    settled: {},
    last_reply: null,
    events: [{ type: 'queued', detail: { reason } }],
    facts: conversations.map((conversation) => attemptEvent(email, conversation)),
  };
}

/** Shortest and longest time that a worker with enough of its kind leaves an email to others. */
const shortestBusyMs = 5_000;
const longestBusyMs = 30_000;

/**
 * The same where a worker has enough of its kind: for as long as the email has waited so far, so that it does not go to and fro, or for
 * less by chance, so that those of one moment do not all come back in another.
 */
export function handBackForLater(email: ClaimedEmail, random = Math.random()): Transition<'release'> {
  const waitMs = Math.min(Math.max(email.wanted_for_ms, shortestBusyMs), longestBusyMs) * (1 - random / 2);
  const due_in_ms = Math.min(waitMs, Math.max(email.expires_in_ms ?? Number.POSITIVE_INFINITY, 0));
  return { ...handBack(email, 'worker_busy'), due_in_ms };
}

/** Deferred, unless it is too old for that. */
function deferred<Decided extends object>(
  email: ClaimedEmail,
  decided: Decided,
  { waitMs, category }: { waitMs: number; category: string },
  policy: RetryPolicy,
) {
  if (email.wanted_for_ms >= policy.giveUpAfterMs) {
    const failed: NewEvent = { type: 'failed', detail: { reason: 'given up: too old for another attempt' } };
    return { ...decided, to: 'failed' as const, due_in_ms: null, events: [failed] };
  }
  // If the email expires before the next attempt, it is due when it expires.
  const due_in_ms = Math.min(waitMs, Math.max(email.expires_in_ms ?? Number.POSITIVE_INFINITY, 0));
  const next_attempt_at = new Date(Date.now() + due_in_ms).toISOString();
  const event: NewEvent = { type: 'deferred', detail: { next_attempt_at, category } };
  return { ...decided, to: 'deferred' as const, due_in_ms, events: [event] };
}

function attemptEvent(email: ClaimedEmail, { relay, ms, outcome }: Attempt): NewEvent {
  const { status, category, reply, reason, recipients } = outcome;
  return {
    type: 'attempt',
    detail: {
      attempt: email.attempts,
      relay,
      ms,
      code: reply?.code ?? null,
      enhanced_code: reply?.enhanced_code ?? null,
      reply: reply?.text ?? reason,
      category,
      outcome: status,
      retryable: status === 'deferred' || (status === 'unknown' && email.delivery === 'at_least_once'),
      trace_id: traceIdOf(email.traceparent) ?? null,
      ...(recipients.size > 1 && { recipients: recipientStatuses(outcome) }),
    },
  };
}

/**
 * How the outcome of an attempt is recorded: as it is; or without the words of relays, which are the likeliest not to be storable; or
 * as an end that admits it. Never as another attempt, which would send the email again.
 */
export function recordingOf(claim: Claim, transition: Transition): Recording<Transition> {
  const { id, attempts } = claim;
  const plain: Transition = {
    ...transition,
    settled: Object.fromEntries(
      Object.entries(transition.settled).map(([recipient, settled]) => [recipient, { ...settled, reply: null }]),
    ),
    last_reply: null,
    hard_bounces: [],
    facts: transition.facts.map((fact) =>
      fact.type === 'attempt' ? { ...fact, detail: withoutQuotes(fact.detail) } : fact,
    ),
  };
  const reason = `its outcome (${transition.to}) could not be recorded`;
  if (transition.by === 'release') return { full: transition, plain, end: endUnattempted(claim, 'failed', reason) };
  const end: Transition<'attempt'> = {
    ...{ id, by: 'attempt', attempts, to: 'unknown', due_in_ms: null, settled: {}, last_reply: null, facts: [] },
    events: [{ type: 'unknown', detail: { reason } }],
  };
  return { full: transition, plain, end };
}

function withoutQuotes({ recipients: _, ...detail }: AttemptDetail): AttemptDetail {
  return { ...detail, reply: null };
}

/** The transition of an email that came too late to be attempted. */
export function expire(claim: Claim): Transition<'release'> {
  return endUnattempted(claim, 'expired', 'its time to be delivered had passed');
}

/** The transition of an email without contents. We keep contents until the end, so somebody has deleted them by hand. */
export function failEmpty(claim: Claim): Transition<'release'> {
  return endUnattempted(claim, 'failed', 'its contents are gone');
}

/** The transition of an email that cannot be composed. Another attempt would fail in the same way; the log says why. */
export function failUncomposable(claim: Claim): Transition<'release'> {
  return endUnattempted(claim, 'failed', 'no message could be made of it');
}

function endUnattempted({ id, attempts }: Claim, to: 'expired' | 'failed', reason: string): Transition<'release'> {
  return {
    id,
    by: 'release',
    attempts,
    to,
    due_in_ms: null,
    settled: {},
    last_reply: reason,
    events: [{ type: to, detail: { reason } }],
    facts: [],
  };
}

/** Recipients that this attempt brought to their end. */
function settledRecipients({ recipients }: AttemptOutcome): Record<string, SettledRecipient> {
  const settled: Record<string, SettledRecipient> = {};
  for (const [recipient, { status, reply }] of recipients) {
    if (status !== 'sent' && status !== 'bounced') continue;
    settled[recipient] = {
      status,
      code: reply?.code ?? null,
      enhanced_code: reply?.enhanced_code ?? null,
      reply: reply?.text ?? null,
    };
  }
  return settled;
}

/** Recipients that no email may be sent to again. */
function hardBounces({ recipients }: AttemptOutcome): string[] {
  return [...recipients].flatMap(([recipient, { hard }]) => (hard ? [recipient] : []));
}

function recipientStatuses({ recipients }: AttemptOutcome): Record<string, string> {
  return Object.fromEntries([...recipients].map(([recipient, { status }]) => [recipient, status]));
}

function anySent(settled: Record<string, SettledRecipient>): boolean {
  return Object.values(settled).some(
    ({ status }) => status === 'sent' || status === 'delivered' || status === 'complained',
  );
}
