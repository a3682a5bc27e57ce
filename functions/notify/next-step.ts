// The next step of a delivery after an attempt, and the report on its endpoint. Pure.
import type { Recording } from '../../lib/store/database.ts';
import type { ClaimedDelivery, DeliveryOutcome } from '../../lib/store/webhooks/claim.ts';
import type { EndpointReport } from '../../lib/store/webhooks/health.ts';
import type { Posted } from './post.ts';
import { mostRetryAfterMs, nextWait, parseRetryAfter } from './retry-schedule.ts';

export interface Step {
  outcome: DeliveryOutcome;
  /** Undefined if the endpoint was not called. */
  report: EndpointReport | undefined;
}

type Attempted = Pick<ClaimedDelivery, 'id' | 'webhook_id' | 'attempts' | 'wanted_for_ms'>;

/** 2xx is success, and nothing else is: redirects are not followed (Standard Webhooks, "Delivery success and failure"). */
export function nextStep(
  delivery: Attempted,
  posted: Posted,
  ms: number,
  waitsMs: readonly number[],
  random?: number,
): Step {
  const { id, webhook_id, attempts, wanted_for_ms } = delivery;
  const status_code = 'status' in posted ? posted.status : null;
  const base = { id, attempts, status_code, ms: Math.round(ms) };
  const report = { webhook_id, succeeded: false, failed: true, quiet_ms: null, gone: false, gave_up_after_ms: null };

  if (status_code !== null && status_code >= 200 && status_code < 300) {
    return {
      outcome: { ...base, status: 'delivered', due_in_ms: null, reason: null },
      report: { ...report, succeeded: true, failed: false },
    };
  }
  const reason = 'status' in posted ? reasonOf(posted.status) : posted.reason;
  const failed = (report: EndpointReport): Step => ({
    outcome: { ...base, status: 'failed', due_in_ms: null, reason },
    report,
  });
  if (status_code === 410) return failed({ ...report, gone: true });

  const ageMs = wanted_for_ms + ms;
  const retryAfterMs = 'status' in posted ? parseRetryAfter(posted.retryAfter) : undefined;
  const quiet_ms = retryAfterMs === undefined ? null : Math.min(retryAfterMs, mostRetryAfterMs);
  const wait = nextWait(ageMs, waitsMs, retryAfterMs, random);
  if (wait === undefined) return failed({ ...report, quiet_ms, gave_up_after_ms: ageMs });
  return { outcome: { ...base, status: 'pending', due_in_ms: wait, reason }, report: { ...report, quiet_ms } };
}

/** The step of a delivery whose endpoint is disabled: there is no call. */
export function endDisabled({ id, attempts }: Attempted): Step {
  return {
    outcome: {
      id,
      attempts,
      status: 'failed',
      due_in_ms: null,
      status_code: null,
      reason: 'the endpoint is disabled',
      ms: 0,
    },
    report: undefined,
  };
}

/** How a step is recorded: as it is; or without the report on its endpoint; or as an end that admits it, so that no further call is made. */
export function recordingOf(step: Step): Recording<Step> {
  const { id, attempts, status } = step.outcome;
  const reason = `its outcome (${status}) could not be recorded`;
  const end = { id, attempts, status: 'failed', due_in_ms: null, status_code: null, reason, ms: 0 } as const;
  return { full: step, plain: { ...step, report: undefined }, end: { outcome: end, report: undefined } };
}

function reasonOf(status: number): string {
  return status >= 300 && status < 400 ? `it answered ${status}: redirects are not followed` : `it answered ${status}`;
}

/** One report for each endpoint of a group. */
export function mergeReports(reports: readonly EndpointReport[]): EndpointReport[] {
  const merged = new Map<string, EndpointReport>();
  for (const report of reports) {
    const before = merged.get(report.webhook_id) ?? report;
    merged.set(report.webhook_id, {
      webhook_id: report.webhook_id,
      succeeded: before.succeeded || report.succeeded,
      failed: before.failed || report.failed,
      quiet_ms: longer(before.quiet_ms, report.quiet_ms),
      gone: before.gone || report.gone,
      gave_up_after_ms: longer(before.gave_up_after_ms, report.gave_up_after_ms),
    });
  }
  return [...merged.values()];
}

function longer(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
