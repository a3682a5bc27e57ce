// Decides from the end of one conversation whether the next relay may be tried, and whether this relay was in trouble. Pure.
import type { SmtpReply } from '../../lib/mail/smtp-reply.ts';
import { type AttemptResult, classify, closesRelay } from './outcome.ts';

/** Refusals that another relay may not give: the address is not ASCII, or the message is too large. */
export function anotherMayTake(reply: SmtpReply | null): boolean {
  return reply?.enhanced_code === '5.6.7' || reply?.enhanced_code === '5.3.4';
}

/**
 * The next relay is tried only on proof that this one has taken nothing: no connection, a refusal of our session, a 4xx instead
 * of acceptance. Never when the outcome is unknown (the email could arrive twice), and never after a 5xx about the email or a
 * recipient, which is a final answer. After partial acceptance, the next attempt takes care of the rest.
 */
export function failover(result: AttemptResult, recipients: readonly string[]): 'done' | 'try_next' {
  switch (result.ended) {
    case 'accepted':
    // The fault is ours, so the next relay would not help.
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

/** True for trouble of the relay itself, false when it only refused one email. */
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
