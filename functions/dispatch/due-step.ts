// Decides the transition of an email whose `due_at` has passed: lost publishes, dead workers, retries and scheduled sends are one case. Pure.
import type { DueEmail } from '../../lib/store/emails/due.ts';
import type { QueuedReason } from '../../lib/store/emails/events.ts';
import type { Transition } from '../../lib/store/emails/transition-emails.ts';

export interface DuePolicy {
  /** How long an id may be on its way to a worker before it is published again. */
  publishGraceMs: number;
  /** Age at which an email is given up, even if its workers keep dying. */
  giveUpAfterMs: number;
}

/** Decides the transition. Publish the id of an email that becomes `queued` once this is committed. */
export function dueStep(email: DueEmail, policy: DuePolicy): Transition<'dispatch'> {
  // An email that is being sent may still arrive: wait for its outcome, or for the end of its lease.
  if (email.expired && email.status !== 'sending') return end(email, 'expired', 'its time to be delivered has passed');
  switch (email.status) {
    case 'scheduled':
      return requeue(email, 'scheduled_time', policy.publishGraceMs);
    case 'deferred':
      return requeue(email, 'retry', policy.publishGraceMs);
    case 'queued':
      // A long queue does not mean a lost id. Each wait equals the time in the queue so far, so few copies of the id exist.
      return requeue(email, 'not_claimed', Math.max(policy.publishGraceMs, email.queued_for_ms ?? 0));
    case 'sending':
      if (email.delivery === 'at_most_once' && email.data_started) {
        return end(email, 'unknown', 'the worker was lost during transmission; it is not tried again');
      }
      if (email.wanted_for_ms >= policy.giveUpAfterMs) return end(email, 'failed', 'given up: its workers were lost');
      return requeue(email, 'lease_expired', policy.publishGraceMs);
  }
}

function requeue(email: DueEmail, reason: QueuedReason, dueInMs: number): Transition<'dispatch'> {
  return { ...unchanged(email), to: 'queued', due_in_ms: dueInMs, events: [{ type: 'queued', detail: { reason } }] };
}

function end(email: DueEmail, to: 'unknown' | 'failed' | 'expired', reason: string): Transition<'dispatch'> {
  return { ...unchanged(email), to, due_in_ms: null, last_reply: reason, events: [{ type: to, detail: { reason } }] };
}

function unchanged({ id, status, attempts }: DueEmail) {
  return { id, by: 'dispatch', from: [status], attempts, settled: {}, last_reply: null, facts: [] } as const;
}
