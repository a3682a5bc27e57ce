// What an outcome means for the email: where its status moves, when it is tried again, and what its history says. Pure.
import type { Claim, ClaimedEmail } from '../../lib/emails/claim.ts';
import type { SettledRecipient } from '../../lib/emails/email.ts';
import type { NewEvent } from '../../lib/emails/events.ts';
import type { Move } from '../../lib/emails/move.ts';
import { backoff, type RetryPolicy } from './backoff.ts';
import type { Outcome } from './outcome.ts';

/** One conversation with one relay, and what it came to. */
export interface Attempt {
  relay: string;
  ms: number;
  outcome: Outcome;
}

/** Decides from the last attempt's outcome. `random` is from 0 to 1, for the jitter. */
export function nextStep(
  email: ClaimedEmail,
  { relay, ms, outcome }: Attempt,
  policy: RetryPolicy,
  random?: number,
): Move {
  const { reply, reason } = outcome;
  const settled = settledRecipients(outcome);
  const move = {
    id: email.id,
    from: ['sending', 'queued'] satisfies Move['from'],
    attempts: email.attempts,
    settled,
    last_reply: reply ? `${reply.code} ${reply.enhanced_code ?? ''} ${reply.text}`.replace(/ +/g, ' ').trim() : reason,
    facts: [
      {
        type: 'attempt',
        detail: {
          attempt: email.attempts,
          relay,
          ms,
          code: reply?.code ?? null,
          enhanced_code: reply?.enhanced_code ?? null,
          reply: reply?.text ?? reason,
          category: outcome.category,
          outcome: outcome.status,
          ...(outcome.recipients.size > 1 && { recipients: recipientStatuses(outcome) }),
        },
      },
    ] satisfies NewEvent[],
  };
  const end = (to: 'sent' | 'bounced' | 'failed' | 'unknown', why?: string): Move => ({
    ...move,
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

  function tryAgain(): Move {
    if (email.wanted_for_ms >= policy.giveUpAfterMs) return end('failed', 'given up: too old for another attempt');
    // One that expires before its next attempt is looked at when it does.
    const waitMs = Math.min(
      backoff(email.attempts, policy, random),
      Math.max(email.expires_in_ms ?? Number.POSITIVE_INFINITY, 0),
    );
    return {
      ...move,
      to: 'deferred',
      due_in_ms: waitMs,
      events: [{ type: 'deferred', detail: { next_attempt_in_s: Math.round(waitMs / 1000) } }],
    };
  }
}

/** The move of an email that came too late to be attempted. */
export function expire(claim: Claim): Move {
  return endUnattempted(claim, 'expired', 'its time to be delivered had passed');
}

/** The move of an email whose contents are gone. They are kept while it is on the way, so somebody has deleted them by hand. */
export function failEmpty(claim: Claim): Move {
  return endUnattempted(claim, 'failed', 'its contents are gone');
}

function endUnattempted({ id, attempts }: Claim, to: 'expired' | 'failed', reason: string): Move {
  return {
    id,
    from: ['sending'],
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
function settledRecipients({ recipients }: Outcome): Record<string, SettledRecipient> {
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

function recipientStatuses({ recipients }: Outcome): Record<string, string> {
  return Object.fromEntries([...recipients].map(([recipient, { status }]) => [recipient, status]));
}

function anySent(settled: Record<string, SettledRecipient>): boolean {
  return Object.values(settled).some(({ status }) => status === 'sent');
}
