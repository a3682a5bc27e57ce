// How large an email is, told without reading it.
import type { Query } from '../database.ts';
import { type Owner, ownedBy } from './filter.ts';

/** Bytes of what one email of the owner says, without and with its attachments; 0 where there is none. */
export async function sizeOfEmail(sql: Query, owner: Owner, id: string): Promise<{ shown: number; whole: number }> {
  const [row] = await sql<{ shown: number; attached: number }[]>`
    select coalesce(octet_length(text_body), 0) + coalesce(octet_length(html_body), 0)
           + coalesce(pg_column_size(attachments), 0) as shown,
           (select coalesce(sum((attachment->>'size')::float8), 0)
            from jsonb_array_elements(attachments) attachment) as attached
    from emails join email_contents on email_id = id
    where id = ${id} and ${ownedBy(sql, owner)}`;
  const { shown, attached } = row ?? { shown: 0, attached: 0 };
  return { shown, whole: shown + Math.ceil(attached * base64Growth) };
}

/** Four characters for three bytes, in lines of 76. */
const base64Growth = 1.37;
