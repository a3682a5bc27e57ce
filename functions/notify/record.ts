// Records a group of steps: first the reports on endpoints, then the deliveries.

import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';
import { recordOutcomes } from '../../lib/store/webhooks/claim.ts';
import { recordHealth } from '../../lib/store/webhooks/health.ts';
import { mergeReports, type Step } from './next-step.ts';

/**
 * Resolves, for each step, with whether its claim still held. Runs two statements, in this order: if the second fails, the delivery
 * is made again. An endpoint that answers 410 then answers so again, or is disabled and not called.
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
