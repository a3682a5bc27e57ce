// SQL of what comes back: records what was reported of recipients, each thing once, with all that follows of it.
import type { Query } from '../database.ts';
import type { ReportDetail } from './events.ts';

/** What can be reported of a recipient; also the type of its event. */
export const reportKinds = ['delivered', 'delayed', 'bounced', 'complained'] as const;
export type ReportKind = (typeof reportKinds)[number];

/** A report of one recipient. Whoever hands it in has proven that it is about this email. */
export interface GivenReport {
  email_id: string;
  /** That of the email, where that alone says which one it is; null: another proof does. */
  message_id: string | null;
  /** The address in each of its spellings; empty: it is not named. */
  keys: string[];
  /** If nobody of that address is a recipient, and the email has only one, it is about that one: it passed the email on. */
  may_be_other: boolean;
  kind: ReportKind;
  hard: boolean;
  /** Its source tells of every delivery. */
  tells_deliveries: boolean;
  detail: Omit<ReportDetail, 'recipient'>;
}

/**
 * `recorded`: an event, and perhaps a change of status. `kept`: the same, as soon as the attempt that is under way is recorded.
 * `repeated`: it is known. The others: it is about no email that we sent, or nobody it went to.
 */
export type ReportOutcome = 'recorded' | 'kept' | 'repeated' | 'unknown_email' | 'unknown_recipient';

/**
 * Records the reports together: all or none. Resolves with what became of each.
 *
 * In the database: the function `take_reports` (0019) locks the emails and keeps each report once, in `email_reports`; `use_reports` makes
 * events, suppressions and the transitions by `report` of them; a trigger on `emails` (use_kept_reports) calls it again for emails that
 * were being sent; a trigger on `email_events` (tell_webhooks, 0003) makes the webhook deliveries. All of it in one transaction.
 */
export async function takeReports(sql: Query, reports: readonly GivenReport[]): Promise<ReportOutcome[]> {
  const given = reports.map((report, place) => ({ place, ...report }));
  const rows = await sql<{ place: number; outcome: ReportOutcome }[]>`
    select place, outcome from take_reports(${JSON.stringify(given)}::text::jsonb)`;
  const outcomes = new Map(rows.map(({ place, outcome }) => [place, outcome]));
  return reports.map((_, place) => outcomes.get(place) ?? 'unknown_email');
}
