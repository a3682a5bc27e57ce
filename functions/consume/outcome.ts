// What an SMTP attempt came to: every way in which it can end, turned into an outcome for each recipient. Pure.

/** A reply of the relay (RFC 5321 §4.2), its enhanced status code (RFC 3463) taken out of the text. */
export interface SmtpReply {
  code: number;
  enhanced_code: string | null;
  text: string;
}

/** Where in the conversation something went wrong. */
export type Stage = 'connect' | 'tls' | 'auth' | 'envelope' | 'data';

/** Recipients that the relay did not take, with its reply to each. */
export type Refused = ReadonlyMap<string, SmtpReply>;

/** How a conversation ended. */
export type AttemptResult =
  | { ended: 'accepted'; reply: SmtpReply; refused: Refused }
  | { ended: 'refused'; stage: Stage; reply: SmtpReply; refused: Refused }
  /** No reply: the connection was lost, refused or silent. `transmitted`: the end of the message may have been handed over. */
  | { ended: 'lost'; stage: Stage; transmitted: boolean; timed_out: boolean; reason: string; refused: Refused }
  /** By us, before the end of the message was handed over: the claim was lost, or the message could not be composed. */
  | { ended: 'abandoned'; reason: string; error: Error };

export interface RecipientOutcome {
  status: 'sent' | 'deferred' | 'bounced' | 'unknown';
  reply: SmtpReply | null;
  /** Where it was refused by itself: at its RCPT TO, or after a message that has no other recipient; null: nowhere. */
  refused_alone: 'rcpt' | 'data' | null;
}

/** Whose trouble it is: the email's, its recipients', our own relay account's, the line's, or our own. */
export type Category =
  | 'accepted'
  | 'address'
  | 'mailbox'
  | 'mail_system'
  | 'network'
  | 'protocol'
  | 'content'
  | 'policy'
  | 'relay_account'
  | 'tls'
  | 'connection'
  | 'timeout'
  | 'outcome_unknown'
  | 'worker'
  | 'other';

export interface AttemptOutcome {
  /** What the attempt came to for the email as a whole: anything left to deliver makes it deferred or unknown. */
  status: 'sent' | 'deferred' | 'bounced' | 'unknown';
  category: Category;
  reply: SmtpReply | null;
  /** What to tell people when there was no reply. */
  reason: string | null;
  recipients: ReadonlyMap<string, RecipientOutcome>;
}

export function classify(result: AttemptResult, recipients: readonly string[]): AttemptOutcome {
  switch (result.ended) {
    case 'accepted':
      return summarize(
        recipients,
        result.refused,
        { status: 'sent', reply: result.reply, refused_alone: null },
        ({ status, reply }) => (status === 'sent' ? 'accepted' : categoryOf(reply, 'envelope')),
      );
    case 'refused':
      return summarize(recipients, result.refused, refusedTogether(result, recipients), ({ reply }) =>
        categoryOf(reply, result.stage),
      );
    case 'lost': {
      const others = { status: result.transmitted ? 'unknown' : 'deferred', reply: null, refused_alone: null } as const;
      const outcome = summarize(recipients, result.refused, others, ({ reply }) =>
        reply ? categoryOf(reply, 'envelope') : lostCategory(result),
      );
      return { ...outcome, reason: result.reason };
    }
    case 'abandoned': {
      const others = { status: 'deferred', reply: null, refused_alone: null } as const;
      const outcome = summarize(recipients, new Map(), others, () => 'worker');
      return { ...outcome, reason: result.reason };
    }
  }
}

/** `others` is what became of those who were not refused one by one. What is left to do decides, and tells why. */
function summarize(
  recipients: readonly string[],
  refused: Refused,
  others: RecipientOutcome,
  category: (telling: RecipientOutcome) => Category,
): AttemptOutcome {
  const outcomes = recipients.map((recipient): RecipientOutcome => {
    const refusal = refused.get(recipient);
    return refusal ? { ...refusedBy(refusal, 'envelope'), refused_alone: 'rcpt' } : others;
  });
  const status = (['unknown', 'deferred', 'sent', 'bounced'] as const).find((wanted) =>
    outcomes.some((one) => one.status === wanted),
  );
  // Without a reply comes first: that the connection was lost says more than that one of many was refused.
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

function refusedTogether(
  { reply, stage }: Extract<AttemptResult, { ended: 'refused' }>,
  recipients: readonly string[],
): RecipientOutcome {
  return { ...refusedBy(reply, stage), refused_alone: stage === 'data' && recipients.length === 1 ? 'data' : null };
}

/** What a refusal means for the recipients it concerns. A relay that has trouble with us never makes users' mail bounce. */
function refusedBy(reply: SmtpReply, stage: Stage): Pick<RecipientOutcome, 'status' | 'reply'> {
  const permanent = reply.code >= 500 && !isAboutRelay(reply, stage) && !isTemporaryAllTheSame(reply, stage);
  return { status: permanent ? 'bounced' : 'deferred', reply };
}

/** Replies about our account at the relay: RFC 4954 §6 and the codes that RFC 5248 gives to 5.7.10 and 5.7.13. */
const accountCodes = [523, 525, 530, 534, 535, 538];
/** A relay that will not relay for us does not know us, whatever code it chose: Postfix, Exim and Exchange, in their words. */
const relayingDenied = /\brelay(ing)? (access )?(is )?(denied|not (permitted|allowed)|prohibited)|\bunable to relay\b/i;

/** Replies that are about our account or session at the relay, not about this email; and all before MAIL FROM. */
export function isAboutRelay(reply: SmtpReply, stage: Stage): boolean {
  if (stage === 'connect' || stage === 'tls' || stage === 'auth') return true;
  return accountCodes.includes(reply.code) || (reply.code >= 500 && relayingDenied.test(reply.text));
}

function lostCategory({ stage, transmitted, timed_out }: Extract<AttemptResult, { ended: 'lost' }>): Category {
  if (transmitted) return 'outcome_unknown';
  if (stage === 'tls') return 'tls';
  // Without a reply only when we could not even ask: half of the credentials, or no method in common.
  if (stage === 'auth') return 'relay_account';
  return timed_out ? 'timeout' : 'connection';
}

/**
 * 5yz replies that say nothing final about the email: 503 is about the order of commands, so another session can fare better;
 * 552 to RCPT TO is "too many recipients", to be taken as 452 (RFC 5321 §4.5.3.1.10), unless the enhanced code says otherwise.
 */
function isTemporaryAllTheSame(reply: SmtpReply, stage: Stage): boolean {
  if (reply.code === 503) return true;
  return (
    reply.code === 552 && stage === 'envelope' && (reply.enhanced_code === null || reply.enhanced_code === '5.5.3')
  );
}

/** The subject of an enhanced status code (RFC 3463 §3), its second number. */
const subjects: Record<string, Category> = {
  1: 'address',
  2: 'mailbox',
  3: 'mail_system',
  4: 'network',
  5: 'protocol',
  6: 'content',
  7: 'policy',
};

function categoryOf(reply: SmtpReply | null, stage: Stage): Category {
  if (reply === null) return 'other';
  if (isAboutRelay(reply, stage))
    return stage === 'tls' ? 'tls' : stage === 'connect' ? 'mail_system' : 'relay_account';
  // Of the subject "content" by its number, but about an address that is not ASCII (RFC 6531 §3.5).
  if (reply.enhanced_code === '5.6.7') return 'address';
  return subjects[reply.enhanced_code?.split('.')[1] ?? ''] ?? 'other';
}

/** Reads a reply as it came off the wire, all its lines; undefined if it is not one. */
export function parseReply(text: string): SmtpReply | undefined {
  const [, code, enhanced] = /^([2-5]\d\d)[ -]?(?:([245]\.\d{1,3}\.\d{1,3})(?: |$|\n))?/.exec(text) ?? [];
  if (code === undefined) return undefined;
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\d{3}[ -]?/, '').replace(`${enhanced} `, ''));
  return { code: Number(code), enhanced_code: enhanced ?? null, text: storableText(lines.join(' ')) };
}

/** Text from a relay as it can be stored: one line, well-formed, bounded. A reply that could not be recorded would be an attempt forgotten. */
export function storableText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 1_000)
    .toWellFormed();
}
