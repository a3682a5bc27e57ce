// Records evidence: finds the email that each piece is about, by the first proof that is good, and hands it to the database in groups.
import { maxAddress, normalizeAddress } from '../../lib/mail/address.ts';
import type { ReturnPaths } from '../../lib/mail/return-path.ts';
import { storableText } from '../../lib/mail/smtp-reply.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { spellingsOf } from '../../lib/store/emails/recipients.ts';
import type { GivenReport, ReportOutcome } from '../../lib/store/emails/reports.ts';
import type { Evidence, EvidenceMatch, EvidenceSource, RecordEvidence, RecordedEvidence } from './evidence.ts';
import type { IntakeMetrics } from './metrics.ts';

export interface RecordOptions {
  /** Undefined: no email has a return path of ours. */
  returnPaths: ReturnPaths | undefined;
  /** Writes reports, all or none. */
  write: (reports: GivenReport[]) => Promise<ReportOutcome[]>;
  metrics: IntakeMetrics;
}

/** Sources that tell of each delivery: mails only tell of those that somebody asked for. */
const tellers: readonly EvidenceSource[] = ['ses', 'postmark', 'mailgun', 'sendgrid', 'resend'];
/** Pieces of evidence of one mail or one call; more are no report that anybody sends. */
export const mostEvidence = 1_000;

export function createRecorder({ returnPaths, write, metrics }: RecordOptions): RecordEvidence {
  return async (evidence) => {
    const pieces = evidence
      .slice(0, mostEvidence)
      .map((piece) => ({ piece, found: findEmail(piece.match, returnPaths) }));
    const named = new Map<string, Set<string | undefined>>();
    for (const { piece, found } of pieces)
      if (found) named.set(found.email_id, (named.get(found.email_id) ?? new Set()).add(piece.recipient));
    const reports = pieces.flatMap(({ piece, found }) =>
      found ? [toReport(piece, found, named.get(found.email_id)?.size === 1)] : [],
    );
    const outcomes = reports.length > 0 ? await write(reports) : [];
    const counts: RecordedEvidence = { recorded: 0, kept: 0, repeated: 0, unknown_email: 0, unknown_recipient: 0 };
    let next = 0;
    for (const { piece, found } of pieces) {
      const outcome = found ? (outcomes[next++] ?? 'unknown_email') : 'unknown_email';
      counts[outcome] += 1;
      metrics.reported(piece, outcome);
    }
    return counts;
  };
}

type Found = Pick<GivenReport, 'email_id' | 'message_id'>;

/** By mac first: nobody else can make one. Then by what only the email itself tells. */
export function findEmail(match: EvidenceMatch, returnPaths: ReturnPaths | undefined): Found | undefined {
  const { returnPath, envelopeId, messageId, emailId } = match;
  const proven =
    (returnPath === undefined ? undefined : returnPaths?.emailOfAddress(returnPath)) ??
    (envelopeId === undefined ? undefined : returnPaths?.emailOfEnvelopeId(envelopeId));
  if (proven !== undefined) return { email_id: proven, message_id: null };
  const named = messageId === undefined ? undefined : emailOfMessageId(messageId);
  if (named !== undefined) return named;
  return emailId !== undefined && isEmailId(emailId)
    ? { email_id: emailId.toLowerCase(), message_id: null }
    : undefined;
}

/** Longest Message-ID of ours: an id and a domain. */
const mostMessageId = 320;

/** Ours has the id of its email before the `@`: it is found by that, and then compared as a whole. */
export function emailOfMessageId(messageId: string): Found | undefined {
  if (messageId.length > mostMessageId) return undefined;
  const bare = messageId.trim().replace(/^</, '').replace(/>$/, '');
  const id = bare.slice(0, Math.max(bare.indexOf('@'), 0));
  // PostgreSQL would refuse all of a report whose Message-ID cannot be stored, each time that it is handed in.
  const isOne = isEmailId(id) && storableText(bare) === bare;
  return isOne ? { email_id: id.toLowerCase(), message_id: `<${bare}>` } : undefined;
}

function toReport(piece: Evidence, found: Found, isOnly: boolean): GivenReport {
  const { kind, recipient, at, code, enhancedCode, hard = false, category, text, source } = piece;
  return {
    ...found,
    keys: keysOf(recipient),
    may_be_other: isOnly,
    kind,
    hard: kind === 'bounced' && hard,
    tells_deliveries: kind === 'delivered' && tellers.includes(source),
    detail: {
      source,
      reported_at: Number.isNaN(at.getTime()) ? null : at.toISOString(),
      code: code !== undefined && Number.isInteger(code) && code >= 100 && code <= 999 ? code : null,
      enhanced_code: enhancedCode !== undefined && /^[245]\.\d{1,3}\.\d{1,3}$/.test(enhancedCode) ? enhancedCode : null,
      category: category === undefined ? null : storableText(category.slice(0, 40)),
      hard: kind === 'bounced' && hard,
      reply: text === undefined ? null : storableText(text) || null,
    },
  };
}

function keysOf(recipient: string | undefined): string[] {
  if (recipient === undefined || recipient.length > maxAddress || !recipient.includes('@')) return [];
  return spellingsOf(normalizeAddress(recipient) ?? storableText(recipient));
}
