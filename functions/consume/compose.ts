// The message of a claimed email, made when a connection is free for it: what the claim left out is read now, in pieces where it has attachments.
import { composeMessage, type MimeMessage } from '../../lib/mail/message.ts';
import { inPieces } from '../../lib/mail/mime-pieces.ts';
import type { ReadAttachment } from '../../lib/store/emails/attachments.ts';
import { type ClaimedEmail, isWithoutTexts } from '../../lib/store/emails/claim.ts';
import type { Attachment, EmailContent } from '../../lib/store/emails/email.ts';

export interface Contents {
  /** Resolves with what the claim of a large email left out; undefined: it is gone, and so is the claim. */
  readContents: (id: string) => Promise<Pick<EmailContent, 'text_body' | 'html_body' | 'attachments'> | undefined>;
  /** What reads the attachments of an email. */
  readAttachments: (id: string, attachments: readonly Attachment[]) => ReadAttachment;
}

function hasContents(email: ClaimedEmail): email is ClaimedEmail & EmailContent {
  return !isWithoutTexts(email) && email.attachments !== null;
}

/**
 * Tells `onFault` of a fault of composing, at once or later: it is the same in every attempt. One of signing is the key's, one of
 * reading the database's; they pass.
 */
export function composed(email: ClaimedEmail, contents: Contents, onFault: (fault: Error) => void): MimeMessage {
  if (hasContents(email)) return compose(email);
  // Once, however often the message is read: it has the same boundaries then.
  let whole: Promise<MimeMessage> | undefined;
  return async function* () {
    whole ??= contents.readContents(email.id).then((read) => {
      if (read === undefined) throw new Error('the contents are gone');
      return compose({ ...email, ...read });
    });
    const message = await whole;
    if (Buffer.isBuffer(message)) yield* inPieces(message);
    else yield* message();
  };

  function compose(parts: ClaimedEmail & EmailContent): MimeMessage {
    try {
      return composeMessage(parts, contents.readAttachments(email.id, parts.attachments), onFault);
    } catch (fault) {
      onFault(fault as Error);
      throw fault;
    }
  }
}
