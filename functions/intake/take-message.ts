// Takes a message that came back: reads it, and records what it says of our email's recipients.

import { readReport } from '../../lib/mail/reports/read-report.ts';
import type { Report, ReportedRecipient } from '../../lib/mail/reports/report.ts';
import type { ReturnPaths } from '../../lib/mail/return-path.ts';
import type { Evidence, EvidenceKind, EvidenceMatch, RecordEvidence, RecordedEvidence } from './evidence.ts';
import type { IntakeMetrics, MessageKind } from './metrics.ts';
import { emailOfMessageId } from './record-evidence.ts';

export interface TakeOptions {
  record: RecordEvidence;
  metrics: IntakeMetrics;
  /** Undefined: no email has a return path of ours. */
  returnPaths: ReturnPaths | undefined;
}

export interface Taken extends RecordedEvidence {
  kind: MessageKind;
}

export type TakeMessage = (
  message: Buffer,
  came: { source: 'smtp' | 'message'; to: readonly string[] },
) => Promise<Taken>;

const nothing: RecordedEvidence = { recorded: 0, kept: 0, repeated: 0, unknown_email: 0, unknown_recipient: 0 };

/**
 * `to`: the return paths that it came to; each is proof of an email. Without one, what the report says of the email has to do. Resolves
 * when all is committed; rejects when the database is away. A message that is no report changes nothing.
 */
export function createTakeMessage({ record, metrics, returnPaths }: TakeOptions): TakeMessage {
  return async (message, { source, to }) => {
    const report = readReport(message);
    const matches = isOfReport(report) ? [] : matchesOf(report, to, returnPaths);
    const evidence = matches.flatMap((match) =>
      report.recipients.flatMap((recipient) => evidenceOf(recipient, match, source)),
    );
    const kind = matches.length === 0 ? 'foreign' : report.kind;
    metrics.read(source, kind);
    const counts = evidence.length > 0 ? await record(evidence) : nothing;
    return { kind, ...counts };
  };
}

/** A bounce of a bounce, which was none of ours: we send nothing from the null sender. */
function isOfReport({ recipients, email }: Report): boolean {
  const isNull = email.fields.get('return-path')?.[0] === '<>';
  return isNull || recipients.some(({ recipient }) => /^<?mailer-daemon@/i.test(recipient));
}

/** A report to a return path that names another email of ours is about that one, of which the path is no proof: nothing is made of it. */
function matchesOf(report: Report, to: readonly string[], returnPaths: ReturnPaths | undefined): EvidenceMatch[] {
  const { message_ids, envelope_id } = report.email;
  if (to.length === 0) {
    const ours = message_ids.find((messageId) => emailOfMessageId(messageId) !== undefined);
    const returned = report.email.fields.get('return-path')?.[0]?.replace(/^<|>$/g, '');
    return [{ returnPath: returned, envelopeId: envelope_id ?? undefined, messageId: ours }];
  }
  const enveloped = envelope_id === null ? undefined : returnPaths?.emailOfEnvelopeId(envelope_id);
  const named = [...message_ids.map((messageId) => emailOfMessageId(messageId)?.email_id), enveloped].filter(Boolean);
  return to
    .filter((address) => named.length === 0 || named.includes(returnPaths?.emailOfAddress(address) ?? ''))
    .map((returnPath) => ({ returnPath }));
}

/** Nothing is made of what only says that it was passed on, or that concerns nobody. */
const kinds: Record<ReportedRecipient['outcome'], EvidenceKind | undefined> = {
  bounced: 'bounced',
  delayed: 'delayed',
  delivered: 'delivered',
  complained: 'complained',
  relayed: undefined,
  none: undefined,
};

function evidenceOf(said: ReportedRecipient, match: EvidenceMatch, source: 'smtp' | 'message'): Evidence[] {
  const kind = kinds[said.outcome];
  if (kind === undefined) return [];
  return [
    {
      match,
      kind,
      recipient: said.original_recipient ?? (said.recipient || undefined),
      at: new Date(),
      code: said.code ?? undefined,
      enhancedCode: said.enhanced_code ?? undefined,
      hard: said.hard,
      category: said.category ?? undefined,
      text: said.text ?? undefined,
      source,
    },
  ];
}
