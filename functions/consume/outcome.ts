// The outcome of an SMTP attempt: turns every way in which it can end into an outcome for each recipient. Pure.

import { readRefusal } from '../../lib/mail/read-refusal.ts';
import type { RefusalCategory } from '../../lib/mail/reply-rules.ts';
import type { SmtpReply } from '../../lib/mail/smtp-reply.ts';

/** Where in the conversation something went wrong. */
export type Stage = 'connect' | 'tls' | 'auth' | 'envelope' | 'data';

/** Recipients that the relay did not take, with its reply to each. */
export type Refused = ReadonlyMap<string, SmtpReply>;

/** How a conversation ended. */
export type AttemptResult =
  | { ended: 'accepted'; reply: SmtpReply; refused: Refused }
  | { ended: 'refused'; stage: Stage; reply: SmtpReply; refused: Refused }
  /** No reply: the connection was lost, refused or silent. `transmitted`: the relay may have received the end of the message. */
  | { ended: 'lost'; stage: Stage; transmitted: boolean; timed_out: boolean; reason: string; refused: Refused }
  /** We stopped before the end of the message was sent: the claim was lost, or the message could not be composed. */
  | { ended: 'abandoned'; reason: string; error: Error };

export interface RecipientOutcome {
  status: 'sent' | 'deferred' | 'bounced' | 'unknown';
  reply: SmtpReply | null;
  /** The address will never take mail, so we send nothing more to it. */
  hard: boolean;
}

/** Where the cause lies: the email, its recipients, our account at the relay, the network, or ourselves. */
export type Category = RefusalCategory | 'accepted' | 'tls' | 'connection' | 'timeout' | 'outcome_unknown' | 'worker';

export interface AttemptOutcome {
  /** The outcome for the email as a whole: deferred or unknown if any recipient is left. */
  status: 'sent' | 'deferred' | 'bounced' | 'unknown';
  category: Category;
  reply: SmtpReply | null;
  /** What to show to people when there was no reply. */
  reason: string | null;
  recipients: ReadonlyMap<string, RecipientOutcome>;
}

export function classify(result: AttemptResult, recipients: readonly string[]): AttemptOutcome {
  switch (result.ended) {
    case 'accepted':
      return summarize(
        recipients,
        result.refused,
        { status: 'sent', reply: result.reply, hard: false },
        ({ status, reply }) => (status === 'sent' ? 'accepted' : categoryOf(reply, 'envelope')),
      );
    case 'refused':
      return summarize(recipients, result.refused, refusedTogether(result, recipients), ({ reply }) =>
        categoryOf(reply, result.stage),
      );
    case 'lost': {
      const others = { status: result.transmitted ? 'unknown' : 'deferred', reply: null, hard: false } as const;
      const outcome = summarize(recipients, result.refused, others, ({ reply }) =>
        reply ? categoryOf(reply, 'envelope') : lostCategory(result),
      );
      return { ...outcome, reason: result.reason };
    }
    case 'abandoned': {
      const others = { status: 'deferred', reply: null, hard: false } as const;
      const outcome = summarize(recipients, new Map(), others, () => 'worker');
      return { ...outcome, reason: result.reason };
    }
  }
}

/** `others` is the outcome of recipients that were not refused one by one. The recipients with work left decide the status and reason. */
function summarize(
  recipients: readonly string[],
  refused: Refused,
  others: RecipientOutcome,
  category: (telling: RecipientOutcome) => Category,
): AttemptOutcome {
  const outcomes = recipients.map((recipient): RecipientOutcome => {
    const refusal = refused.get(recipient);
    return refusal ? refusedBy(refusal, 'envelope') : others;
  });
  const status = (['unknown', 'deferred', 'sent', 'bounced'] as const).find((wanted) =>
    outcomes.some((one) => one.status === wanted),
  );
  // An outcome without a reply comes first: a lost connection says more than the refusal of one recipient.
  const those = outcomes.filter((one) => one.status === status);
  const telling = those.find(({ reply }) => reply === null) ?? those[0] ?? others;
  return {
    status: telling.status,
    category: category(telling),
    reply: telling.reply,
    reason: null,
    recipients: new Map(recipients.map((recipient, index) => [recipient, outcomes[index] ?? others])),
  };
}

/** A refusal of several recipients together, or of the sender, is never hard. */
function refusedTogether(
  { reply, stage }: Extract<AttemptResult, { ended: 'refused' }>,
  recipients: readonly string[],
): RecipientOutcome {
  const refusal = refusedBy(reply, stage);
  return { ...refusal, hard: refusal.hard && stage === 'data' && recipients.length === 1 };
}

/** What a refusal means for its recipients. When the relay refuses our session, the email is deferred and does not bounce. */
function refusedBy(reply: SmtpReply, stage: Stage): RecipientOutcome {
  if (isBeforeMail(stage)) return { status: 'deferred', reply, hard: false };
  const { permanent, hard } = readRefusal({ ...reply, stage });
  return { status: permanent ? 'bounced' : 'deferred', reply, hard };
}

/** True when the refusal means that the relay takes no email of ours for now, not just this one. */
export function closesRelay(reply: SmtpReply, stage: Stage): boolean {
  return isBeforeMail(stage) || readRefusal({ ...reply, stage }).closes_relay;
}

function isBeforeMail(stage: Stage): stage is 'connect' | 'tls' | 'auth' {
  return stage === 'connect' || stage === 'tls' || stage === 'auth';
}

function lostCategory({ stage, transmitted, timed_out }: Extract<AttemptResult, { ended: 'lost' }>): Category {
  if (transmitted) return 'outcome_unknown';
  if (stage === 'tls') return 'tls';
  // There is no reply only if AUTH could not begin: incomplete credentials, or no method in common.
  if (stage === 'auth') return 'relay_account';
  return timed_out ? 'timeout' : 'connection';
}

function categoryOf(reply: SmtpReply | null, stage: Stage): Category {
  if (reply === null) return 'other';
  switch (stage) {
    case 'connect':
      return 'mail_system';
    case 'tls':
      return 'tls';
    case 'auth':
      return 'relay_account';
    default:
      return readRefusal({ ...reply, stage }).category;
  }
}
