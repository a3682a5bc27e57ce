// The thread's part of a preview: the MIME message as it would travel.
import { composeMessage, type MessageParts, textOfMessage, wholeMessage } from '../../lib/mail/message.ts';
import type { NewEmail } from '../../lib/store/emails/acceptance.ts';
import { givenAttachments } from '../../lib/store/emails/attachments.ts';

/** Characters of the message that are shown: all of an email without large attachments. */
const maxShown = 1_000_000;

export type PreviewParts = MessageParts & Pick<NewEmail, 'attachments'>;

export interface ComposedPreview {
  text: string | null;
  message: string;
  isTruncated: boolean;
}

export async function composePreview(email: PreviewParts): Promise<ComposedPreview> {
  const message = (await wholeMessage(composeMessage(email, givenAttachments(email.attachments)))).toString();
  return {
    text: textOfMessage(email) ?? null,
    message: message.slice(0, maxShown),
    isTruncated: message.length > maxShown,
  };
}
