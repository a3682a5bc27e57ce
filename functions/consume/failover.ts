// What the end of one conversation means for the relays: may the next one be tried, and was this one in trouble. Pure.
import type { SmtpReply } from '../../lib/mail/smtp-reply.ts';
import { type AttemptResult, classify, closesRelay } from './outcome.ts';

/** What one relay cannot carry and another may: an address that is not ASCII, and a message of this size. */
export function anotherMayTake(reply: SmtpReply | null): boolean {
  return reply?.enhanced_code === '5.6.7' || reply?.enhanced_code === '5.3.4';
}

/**
 * The next relay is tried only on proof that this one has taken nothing: no connection, a refusal of our session, a 4xx in place
 * of taking the message. Never when the outcome is unknown, which would double the email, and never after a 5xx about the
 * email or one of its recipients, which is an answer. Partial acceptance is left to the next attempt.
 */
export function failover(result: AttemptResult, recipients: readonly string[]): 'done' | 'try_next' {
  switch (result.ended) {
    case 'accepted':
    // The next relay would fare no better with a trouble of ours.
    case 'abandoned':
      return 'done';
    case 'refused':
    case 'lost': {
      if (result.ended === 'refused' && anotherMayTake(result.reply)) return 'try_next';
      const outcomes = [...classify(result, recipients).recipients.values()];
      return outcomes.every(({ status }) => status === 'deferred') ? 'try_next' : 'done';
    }
  }
}

/** True for what counts against the relay, as opposed to its saying no to one email. */
export function isRelayTrouble(result: AttemptResult): boolean {
  switch (result.ended) {
    case 'accepted':
    case 'abandoned':
      return false;
    case 'refused':
      return closesRelay(result.reply, result.stage) || result.reply.code === 421;
    case 'lost':
      return true;
  }
}
