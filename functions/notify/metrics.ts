// The metrics of the notify function: attempts by the delivery's new status, and how long each took.
import { durationMetric, type Metrics } from '../../lib/process/metrics.ts';
import type { DeliveryOutcome } from '../../lib/store/webhooks/claim.ts';

export interface NotifyMetrics {
  attempted(outcome: DeliveryOutcome): void;
}

export function createNotifyMetrics(metrics: Metrics): NotifyMetrics {
  const attempts = durationMetric(
    metrics,
    'webhook_attempt_duration_seconds',
    'Attempts to deliver to webhooks, by the status of the delivery after it and the kind of answer (2xx, none …), and how long each took.',
    ['status', 'answer'],
  );
  return {
    attempted: ({ status, status_code, ms }) =>
      attempts.observe(
        { status, answer: status_code === null ? 'none' : `${Math.floor(status_code / 100)}xx` },
        ms / 1000,
      ),
  };
}
