// The thread's part of a preview: the MIME message as it would travel.
import { composeMessage, type MessageParts, type MimeMessage, textOfMessage } from '../../lib/mail/message.ts';
import { inPieces, withCrlf } from '../../lib/mail/mime-pieces.ts';
import type { NewEmail } from '../../lib/store/emails/acceptance.ts';
import { givenAttachments } from '../../lib/store/emails/attachments.ts';

/** Characters of the message that are shown: all of an email without large attachments. */
const maxShown = 1_000_000;

export type PreviewParts = MessageParts & Pick<NewEmail, 'attachments'>;

export interface ComposedPreview {
  /** The text part that was made of the HTML, if one was. */
  textOfHtml: string | null;
  message: string;
  isTruncated: boolean;
}

export async function composePreview(email: PreviewParts): Promise<ComposedPreview> {
  const text = textOfMessage(email);
  const message = composeMessage(email, { read: givenAttachments(email.attachments), textOf: () => text });
  const { begin, isTruncated } = await beginOf(message);
  const isGiven = email.text_body !== null;
  return { textOfHtml: isGiven ? null : (text ?? null), message: begin, isTruncated };
}

/** Reads no more than is shown. */
async function beginOf(message: MimeMessage): Promise<{ begin: string; isTruncated: boolean }> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of Buffer.isBuffer(message) ? inPieces(withCrlf(message)) : message()) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxShown * mostBytesOfCharacter) break;
  }
  const text = Buffer.concat(pieces).toString();
  return { begin: text.slice(0, maxShown), isTruncated: text.length > maxShown };
}

/** UTF-8 has 3 bytes for a UTF-16 unit at most. */
const mostBytesOfCharacter = 3;
