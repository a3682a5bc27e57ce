// Filters of emails, for requests and for the operator's command, as an SQL condition.
import type { Query } from '../database.ts';
import type { EmailStatus } from './email.ts';
import { sentTo } from './recipients.ts';

export interface EmailFilter {
  status?: EmailStatus | readonly EmailStatus[] | undefined;
  /** One of the envelope recipients, whole, in any spelling. */
  recipient?: string | undefined;
  /** A tag by name; without a value, any value matches. */
  tag?: { name: string; value?: string } | undefined;
  /** Accepted at this time or later. */
  since?: Date | undefined;
  /** Accepted before this time. */
  until?: Date | undefined;
  /** Only those with a lower id than this, that of the last email of the previous page. */
  after?: string | undefined;
  /** Only those with a higher id than this, that of the first email of the next page. */
  before?: string | undefined;
}

/** Whose emails: one client's, or, for the operator, all. */
export type Owner = { client_id: string } | 'anybody';

/** The condition on the rows of `emails`. */
export function matching(
  sql: Query,
  owner: Owner,
  { status, recipient, tag, since, until, after, before }: EmailFilter,
) {
  return sql`
    ${ownedBy(sql, owner)}
      ${status ? sql`and status = any(${[status].flat()})` : sql``}
      ${recipient ? sql`and ${sentTo(sql, recipient)}` : sql``}
      ${tag ? sql`and tags <> '[]' and tags @> ${JSON.stringify([tag])}::text::jsonb` : sql``}
      ${since ? sql`and accepted_at >= ${since}` : sql``}
      ${until ? sql`and accepted_at < ${until}` : sql``}
      ${after ? sql`and id < ${after}` : sql``}
      ${before ? sql`and id > ${before}` : sql``}`;
}

export function ownedBy(sql: Query, owner: Owner) {
  return owner === 'anybody' ? sql`true` : sql`client_id = ${owner.client_id}`;
}
