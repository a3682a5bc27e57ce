// What an email takes while it is delivered: memory, and a connection for long. Small emails, nearly all, count as nothing. Pure.
import { wireLengths } from '../../lib/store/emails/attachments.ts';
import { type ClaimedEmail, isWithoutTexts } from '../../lib/store/emails/claim.ts';

export interface Load {
  /** Memory, while a connection works on it. */
  bytes: number;
  /** It has its connection for long: others must find one beside it. */
  isLong: boolean;
}

export const noLoad: Load = { bytes: 0, isLong: false };

/** Stored, read, as text, encoded, on the way out: what is held of contents at once. */
const copies = 4;
/** Attachments go through in chunks; more than this is never held of them. */
const mostAttached = 1_000_000;
/** What is held of this much is not worth counting. */
const uncounted = 65_536;
/** At 100 Mbit/s, a tenth of a second. */
const longBytes = 1_000_000;

export function loadOf(email: Pick<ClaimedEmail, 'content_bytes' | 'attachments'>): Load {
  const { content_bytes, attachments } = email;
  const attached = wireLengths(attachments ?? []);
  const held = (isWithoutTexts(email) ? content_bytes : 0) + Math.min(attached, mostAttached);
  return { bytes: held <= uncounted ? 0 : held * copies, isLong: content_bytes + attached > longBytes };
}
