// What the consume function counts: conversations by relay and outcome, the age of emails, the state of each relay.

import { ageMetric, counter, durationMetric, gauge, type Metrics } from '../../lib/process/metrics.ts';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';
import type { EmailStatus } from '../../lib/store/emails/email.ts';
import type { Attempt } from './next-step.ts';
import type { RelayState } from './relays.ts';

export interface DeliveryMetrics {
  claimed(email: Pick<ClaimedEmail, 'wanted_for_ms'>): void;
  attempted(attempt: Attempt): void;
  changed(transition: { to: EmailStatus }): void;
}

export function createDeliveryMetrics(metrics: Metrics, relayStates: () => RelayState[]): DeliveryMetrics {
  const age = ageMetric(metrics, 'email_claim_age_seconds', 'Age of emails when a worker claimed them.');
  const attempts = durationMetric(
    metrics,
    'smtp_attempt_duration_seconds',
    'Conversations with relays, and how long each took.',
    ['relay', 'outcome', 'category'],
  );
  const changes = counter(
    metrics,
    'emails_moved_total',
    'Emails by the status an attempt, or a claim in vain, brought them to.',
    ['status'],
  );
  gauge(metrics, 'smtp_relay_state', '1 for the state each relay is in.', ['relay', 'state'], () =>
    relayStates().map(({ name, state }) => ({ labels: { relay: name, state }, value: 1 })),
  );
  return {
    claimed: ({ wanted_for_ms }) => age.observe(wanted_for_ms / 1000),
    attempted: ({ relay, ms, outcome: { status, category } }) =>
      attempts.observe({ relay, outcome: status, category }, ms / 1000),
    changed: ({ to }) => changes.inc({ status: to }),
  };
}
