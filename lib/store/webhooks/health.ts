// SQL of an endpoint's health: its last success, until when it asked to be left alone, and when it is disabled.
import type { Query } from '../database.ts';

/** What the attempts of a group show about their endpoint. */
export interface EndpointReport {
  webhook_id: string;
  succeeded: boolean;
  failed: boolean;
  /** It asked to be left alone for so long; null: it did not. */
  quiet_ms: number | null;
  /** It answered 410: it wants no more deliveries. */
  gone: boolean;
  /** A delivery was given up after so long; null: none was. */
  gave_up_after_ms: number | null;
}

/** A success is recorded only if the last one is older than this, so that a healthy endpoint does not cost a write for each delivery. */
const successEveryMs = 10_000;

/**
 * Records what a group of attempts shows, one report for each endpoint. Disables an endpoint that answered 410, or that had no
 * success in all the time that a delivery was tried, which is now given up. Returns the ids of those disabled now.
 */
export async function recordHealth(sql: Query, reports: EndpointReport[]): Promise<string[]> {
  const rows = await sql<{ id: string; disabled_now: boolean }[]>`
    with locked as (
      -- Always in this order, so that two workers cannot deadlock.
      select id from webhooks where id = any(${reports.map((report) => report.webhook_id)}::uuid[])
      order by id for no key update
    ), judged as (
      select report.*, report.gone or (report.gave_up_after_ms is not null and not report.succeeded and not coalesce(
               webhooks.last_success_at > now() - report.gave_up_after_ms * interval '1 millisecond', false)) as ends
      from json_to_recordset(${JSON.stringify(reports)}::text::json) as report(
        webhook_id uuid, succeeded boolean, failed boolean, quiet_ms double precision, gone boolean, gave_up_after_ms double precision)
      join locked on locked.id = report.webhook_id
      join webhooks on webhooks.id = report.webhook_id
      where report.failed or not coalesce(last_success_at > now() - ${successEveryMs} * interval '1 millisecond'
                                          and coalesce(last_failure_at < last_success_at, true), false)
    )
    update webhooks
    set last_success_at = case when succeeded then now() else last_success_at end,
        last_failure_at = case when failed then now() else last_failure_at end,
        quiet_until = case when quiet_ms is not null then now() + quiet_ms * interval '1 millisecond' else quiet_until end,
        disabled_reason = case when disabled_at is null and ends then
          case when gone then 'it answered 410 Gone'
               else 'it took nothing from ' || to_char((now() - gave_up_after_ms * interval '1 millisecond') at time zone 'utc',
                                                       'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' on' end
          else disabled_reason end,
        disabled_at = case when ends then coalesce(disabled_at, now()) else disabled_at end
    from judged where webhooks.id = judged.webhook_id
    returning webhooks.id, ends and disabled_at = now() as disabled_now`;
  return rows.filter(({ disabled_now }) => disabled_now).map(({ id }) => id);
}
