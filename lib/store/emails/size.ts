// How large an email is, told without reading it.
import type { Query } from '../database.ts';
import { type Owner, ownedBy } from './filter.ts';

/** Bytes of the contents of one email of the owner, as they are stored; 0 where there is none. */
export async function contentSize(sql: Query, owner: Owner, id: string): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select coalesce(octet_length(text_body), 0) + coalesce(octet_length(html_body), 0)
           + coalesce(pg_column_size(attachments), 0) as bytes
    from emails join email_contents on email_id = id
    where id = ${id} and ${ownedBy(sql, owner)}`;
  return row?.bytes ?? 0;
}
