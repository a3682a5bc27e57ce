// The input of acceptance: the new emails of one request.
import type { EmailRow, GivenColumn, StoredContent } from './columns.ts';
import type { GivenAttachment } from './email.ts';

/** What a new email brings: of its row, and of what it says. */
export type NewEmail = Pick<EmailRow, GivenColumn> &
  Omit<StoredContent, 'attachments'> & {
    attachments: GivenAttachment[];
    /** True: it is not put on the queue now, but waits until dispatch gives it a place there. */
    waits?: boolean;
  };

/** What one request brings. */
export interface Acceptance {
  client_id: string;
  /** Whom the emails may be from, within what the client may; null: as the client. */
  allowed_senders?: readonly string[] | null;
  /** The key under which the request takes effect only once. */
  idempotency: { key: string; fingerprint: string } | null;
  emails: NewEmail[];
  /** True: emails whose sender their client may not use are left out. Otherwise one of them refuses them all. */
  permissive?: boolean;
}

/** About how much there is to store: only the contents count, because only they differ much. */
export function bytesOf({ emails }: Acceptance): number {
  const lengths = emails.flatMap(({ text_body, html_body, attachments }) => [
    text_body?.length ?? 0,
    html_body?.length ?? 0,
    ...attachments.map(({ wire }) => wire.length),
  ]);
  return lengths.reduce((sum, length) => sum + length, 0);
}
