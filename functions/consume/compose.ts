// The message of a claimed email, made when a connection is free for it: what the claim left out is read now, in pieces where it has attachments.
import { composeMessage, type MimeMessage } from '../../lib/mail/message.ts';
import { inPieces, withCrlf } from '../../lib/mail/mime-pieces.ts';
import type { ReadAttachment } from '../../lib/store/emails/attachments.ts';
import { type ClaimedEmail, isWithoutTexts } from '../../lib/store/emails/claim.ts';
import type { Attachment, EmailContent } from '../../lib/store/emails/email.ts';

export interface Contents {
  /** Resolves with what the claim of a large email left out; undefined: it is gone, and so is the claim. */
  readContents: (id: string) => Promise<Pick<EmailContent, 'text_body' | 'html_body' | 'attachments'> | undefined>;
  /** Makes the text of HTML in a thread, for this client; undefined: there is none, or it takes too much. */
  textOf: (html: string, client: string) => Promise<string | undefined>;
  /** What reads the attachments of an email. */
  readAttachments: (id: string, attachments: readonly Attachment[]) => ReadAttachment;
  /** Headers that get the email's id. */
  idHeaders: readonly string[];
}

/** Characters of HTML whose text is made at once: up to 20 ms. */
const mostAtOnce = 20_000;

function hasContents(email: ClaimedEmail): email is ClaimedEmail & EmailContent {
  return !isWithoutTexts(email) && email.attachments !== null;
}

/**
 * Tells `onFault` of a fault of composing, at once or later: it is the same in every attempt. One of signing is the key's, one of
 * reading the database's; they pass.
 */
export function composed(email: ClaimedEmail, contents: Contents, onFault: (fault: Error) => void): MimeMessage {
  if (hasContents(email) && !takesLong(email)) return compose(email);
  // Once, however often the message is read: it has the same boundaries then.
  let whole: Promise<MimeMessage> | undefined;
  return async function* () {
    whole ??= composeLarge();
    const message = await whole;
    if (Buffer.isBuffer(message)) yield* inPieces(withCrlf(message));
    else yield* message();
  };

  async function composeLarge(): Promise<MimeMessage> {
    const read = hasContents(email) ? email : await contents.readContents(email.id);
    if (read === undefined) throw new Error('the contents are gone');
    const whole = { ...email, ...read };
    if (!takesLong(whole)) return compose(whole);
    const text = await contents.textOf(whole.html_body, email.client_id);
    return compose(whole, () => text);
  }

  function compose(parts: ClaimedEmail & EmailContent, textOf?: () => string | undefined): MimeMessage {
    try {
      const read = contents.readAttachments(email.id, parts.attachments);
      return composeMessage(withId(parts, contents.idHeaders), { read, onFault, ...(textOf && { textOf }) });
    } catch (fault) {
      onFault(fault as Error);
      throw fault;
    }
  }
}

/** Of a header that the client gave, too, in whatever case, ours alone is left: providers report of the email that it names. */
function withId<Parts extends ClaimedEmail & EmailContent>(parts: Parts, names: readonly string[]): Parts {
  if (names.length === 0) return parts;
  const lower = names.map((name) => name.toLowerCase());
  const given = Object.entries(parts.custom_headers).filter(([name]) => !lower.includes(name.toLowerCase()));
  return { ...parts, custom_headers: Object.fromEntries([...given, ...names.map((name) => [name, parts.id])]) };
}

type Texts = Pick<EmailContent, 'text_body' | 'html_body'>;

function takesLong<Given extends Texts>(given: Given): given is Given & { html_body: string } {
  return given.text_body === null && given.html_body !== null && given.html_body.length > mostAtOnce;
}
