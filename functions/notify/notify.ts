// The handler of one delivery: claims it, signs and posts it, records the outcome.

import type { Log } from '../../lib/process/log.ts';
import { continueTrace, traceIdOf } from '../../lib/process/trace.ts';
import { untilRecorded } from '../../lib/store/database.ts';
import type { ClaimedDelivery } from '../../lib/store/webhooks/claim.ts';
import type { NotifyMetrics } from './metrics.ts';
import { endDisabled, nextStep, recordingOf, type Step } from './next-step.ts';
import { payloadOf } from './payload.ts';
import type { Posted } from './post.ts';
import { signatureHeaders } from './sign.ts';

export interface NotifyDependencies {
  /** Resolves with the delivery, or undefined when it is not ours to make: another worker's, at its end, or deleted. */
  claim: (id: string) => Promise<ClaimedDelivery | undefined>;
  post: (url: string, headers: Record<string, string>, body: string) => Promise<Posted>;
  /** Resolves with whether the claim still held. */
  record: (step: Step) => Promise<boolean>;
  /** How long faults of a recording may go on until the delivery ends without its outcome. */
  patienceMs: number;
  waitsMs: readonly number[];
  metrics: NotifyMetrics;
  log: Log;
}

/** When an attempt cannot be recorded, one fault in this many is logged: about one line a minute. */
const logEveryFaults = 12;

/**
 * Makes the delivery with this id, if it is ours to make. Rejects on our own faults, and when the database is away or refuses before
 * the attempt begins. Then dispatch publishes the id again at the row's `due_at`.
 */
export async function notify(id: string, dependencies: NotifyDependencies): Promise<void> {
  const { claim, record, patienceMs, metrics, log } = dependencies;
  const delivery = await claim(id);
  if (delivery === undefined) {
    log.debug('not ours to deliver', { delivery_id: id });
    return;
  }
  const step = delivery.disabled ? endDisabled(delivery) : await attempt(delivery, dependencies);
  // Otherwise the endpoint would get it again.
  const { form, result: recorded } = await untilRecorded(recordingOf(step), record, {
    patienceMs,
    onFault: (error, faults) => {
      if (faults % logEveryFaults === 1)
        log.error('an attempt cannot be recorded, trying again', {
          delivery_id: id,
          to: step.outcome.status,
          faults,
          error,
        });
    },
  });
  const { status, status_code, reason, ms } = form.outcome;
  if (form !== step)
    log.error('an attempt was recorded in part', { delivery_id: id, to: step.outcome.status, recorded: status });
  metrics.attempted(form.outcome);
  log[status === 'delivered' ? 'info' : 'warn'](recorded ? status : 'attempt made, but the claim had been lost', {
    delivery_id: id,
    webhook_id: delivery.webhook_id,
    client_id: delivery.client_id,
    type: delivery.type,
    attempt: delivery.attempts,
    trace_id: traceIdOf(delivery.traceparent),
    status_code,
    reason,
    ms,
  });
}

async function attempt(delivery: ClaimedDelivery, { post, waitsMs }: NotifyDependencies): Promise<Step> {
  const body = payloadOf(delivery);
  const headers = {
    ...signatureHeaders(delivery.id, new Date(), body, delivery.secrets),
    // The call is a step of its own in the trace of the request that brought the email.
    traceparent: continueTrace(delivery.traceparent),
  };
  const startedAt = performance.now();
  const posted = await post(delivery.url, headers, body);
  return nextStep(delivery, posted, performance.now() - startedAt, waitsMs);
}
