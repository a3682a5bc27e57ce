// What an SMTP attempt came to: every way in which it can end, turned into an outcome for each recipient. Pure.

/** A reply of the relay (RFC 5321 §4.2), its enhanced status code (RFC 3463) taken out of the text. */
export interface SmtpReply {
  code: number;
  enhanced_code: string | null;
  text: string;
}

/** Where in the conversation something went wrong. */
export type Stage = 'connect' | 'tls' | 'auth' | 'envelope' | 'data';

/** How a conversation ended. `refused` holds the recipients that the relay did not take, with its reply to each. */
export type AttemptResult =
  | { ended: 'accepted'; reply: SmtpReply; refused: ReadonlyMap<string, SmtpReply> }
  | { ended: 'refused'; stage: Stage; reply: SmtpReply; refused: ReadonlyMap<string, SmtpReply> }
  /** No reply: the connection was lost, refused or silent. `transmitted`: the whole message had been handed over. */
  | { ended: 'lost'; stage: Stage; transmitted: boolean; reason: string };

export type RecipientOutcome = { status: 'sent' | 'deferred' | 'bounced' | 'unknown'; reply: SmtpReply | null };

/** Whose trouble it is: the email's, its recipients', our own relay account's, or the line's. */
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
  | 'outcome_unknown'
  | 'other';

export interface Outcome {
  /** What the attempt came to for the email as a whole: anything left to deliver makes it deferred or unknown. */
  status: 'sent' | 'deferred' | 'bounced' | 'unknown';
  category: Category;
  reply: SmtpReply | null;
  /** What to tell people when there was no reply. */
  reason: string | null;
  recipients: ReadonlyMap<string, RecipientOutcome>;
}

export function classify(result: AttemptResult, recipients: readonly string[]): Outcome {
  switch (result.ended) {
    case 'accepted':
      return fromRecipients(
        result.reply,
        recipients.map((recipient) => {
          const refusal = result.refused.get(recipient);
          return [recipient, refusal ? refusedBy(refusal, 'envelope') : { status: 'sent', reply: result.reply }];
        }),
      );
    case 'refused':
      return fromRecipients(
        result.reply,
        recipients.map((recipient) => [
          recipient,
          refusedBy(result.refused.get(recipient) ?? result.reply, result.stage),
        ]),
        isRelayTrouble(result.reply, result.stage) ? relayCategory(result.stage) : undefined,
      );
    case 'lost': {
      const status = result.transmitted ? 'unknown' : 'deferred';
      return {
        status,
        category: result.transmitted ? 'outcome_unknown' : result.stage === 'tls' ? 'tls' : 'connection',
        reply: null,
        reason: result.reason,
        recipients: new Map(recipients.map((recipient) => [recipient, { status, reply: null }])),
      };
    }
  }
}

function fromRecipients(reply: SmtpReply, entries: [string, RecipientOutcome][], category?: Category): Outcome {
  const outcomes = entries.map(([, outcome]) => outcome);
  const status = (['deferred', 'sent', 'bounced'] as const).find((wanted) =>
    outcomes.some((one) => one.status === wanted),
  );
  const telling = outcomes.find((one) => one.status === status)?.reply ?? reply;
  return {
    status: status ?? 'deferred',
    category: category ?? (status === 'sent' ? 'accepted' : categoryOf(telling)),
    reply: telling,
    reason: null,
    recipients: new Map(entries),
  };
}

/** What a refusal means for the recipients it concerns. A relay that has trouble with us never makes users' mail bounce. */
function refusedBy(reply: SmtpReply, stage: Stage): RecipientOutcome {
  const permanent = reply.code >= 500 && !isRelayTrouble(reply, stage) && !isTemporaryAllTheSame(reply, stage);
  return { status: permanent ? 'bounced' : 'deferred', reply };
}

/** Replies that are about our account or session at the relay, not about this email: RFC 4954 §6, and all before MAIL FROM. */
function isRelayTrouble(reply: SmtpReply, stage: Stage): boolean {
  if (stage === 'connect' || stage === 'tls' || stage === 'auth') return true;
  return [530, 534, 535, 538].includes(reply.code);
}

function relayCategory(stage: Stage): Category {
  return stage === 'tls' ? 'tls' : stage === 'connect' ? 'mail_system' : 'relay_account';
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

function categoryOf(reply: SmtpReply): Category {
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
