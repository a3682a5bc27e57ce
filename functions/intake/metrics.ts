// What the intake function counts: messages and reports that came back, and what was refused.
import { counter, gauge, type Metrics } from '../../lib/process/metrics.ts';
import type { ReportOutcome } from '../../lib/store/emails/reports.ts';
import type { Evidence, EvidenceSource } from './evidence.ts';

/** Why a connection, a recipient or a message was not taken. */
export type Refusal =
  | 'connections'
  | 'bad_recipient'
  | 'too_many_bad_recipients'
  | 'too_many_recipients'
  | 'too_large'
  | 'too_long'
  | 'unavailable';

/** What a message is; `foreign`: it tells of another email than that whose return path it came to. */
export type MessageKind = 'bounce' | 'delay' | 'delivery' | 'complaint' | 'auto_reply' | 'unreadable' | 'foreign';

export interface IntakeMetrics {
  reported(piece: Pick<Evidence, 'source' | 'kind'>, outcome: ReportOutcome): void;
  read(source: EvidenceSource, kind: MessageKind): void;
  refused(reason: Refusal): void;
}

export function createIntakeMetrics(metrics: Metrics, connections: () => number): IntakeMetrics {
  const reports = counter(
    metrics,
    'intake_reports_total',
    'Reports of single recipients, by the way they came, what they say, and what became of them.',
    ['source', 'kind', 'outcome'],
  );
  const messages = counter(
    metrics,
    'intake_messages_total',
    'Messages that came back, by the way and by what they are.',
    ['source', 'kind'],
  );
  const refusals = counter(metrics, 'intake_refused_total', 'What the SMTP listener did not take, by reason.', [
    'reason',
  ]);
  gauge(metrics, 'intake_connections', 'SMTP connections that are open.', [], () => [
    { labels: {}, value: connections() },
  ]);
  return {
    reported: ({ source, kind }, outcome) => reports.inc({ source, kind, outcome }),
    read: (source, kind) => messages.inc({ source, kind }),
    refused: (reason) => refusals.inc({ reason }),
  };
}
