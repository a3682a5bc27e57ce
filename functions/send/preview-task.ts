// The thread's part of a preview: the MIME message as it would travel.
import { buffer } from 'node:stream/consumers';
import { composeMessage, type MessageParts, textOfMessage } from '../../lib/mail/message.ts';

/** Characters of the message that are shown: all of an email without large attachments. */
const maxShown = 1_000_000;

export interface ComposedPreview {
  text: string | null;
  message: string;
  isTruncated: boolean;
}

export async function composePreview(email: MessageParts): Promise<ComposedPreview> {
  const composed = composeMessage(email);
  const bytes = Buffer.isBuffer(composed) ? composed : await buffer(composed);
  // As it travels.
  const message = bytes.toString().replaceAll(/\r?\n/g, '\r\n');
  return {
    text: textOfMessage(email) ?? null,
    message: message.slice(0, maxShown),
    isTruncated: message.length > maxShown,
  };
}
