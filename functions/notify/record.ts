// Records a group of steps: first what they say about endpoints, then the deliveries.

import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';
import { recordOutcomes } from '../../lib/store/webhooks/claim.ts';
import { recordHealth } from '../../lib/store/webhooks/health.ts';
import { mergeReports, type Step } from './next-step.ts';

/**
 * Resolves, for each step, with whether its claim still held. Two statements, in this order: when the second is lost, the delivery
 * comes again, and an endpoint that is gone says so again or is not asked any more.
 */
export async function recordSteps(sql: Sql, steps: Step[], log: Log): Promise<boolean[]> {
  const reports = mergeReports(steps.flatMap(({ report }) => report ?? []));
  if (reports.length > 0) {
    for (const id of await recordHealth(sql, reports)) log.warn('endpoint disabled', { webhook_id: id });
  }
  const recorded = await recordOutcomes(
    sql,
    steps.map(({ outcome }) => outcome),
  );
  return steps.map(({ outcome }) => recorded.has(outcome.id));
}
