// Builds the MIME message (RFC 5322, RFC 2045) of an email. Every attempt gets the same bytes, except for generated boundaries.
import { buffer } from 'node:stream/consumers';
import MailComposer from 'nodemailer/lib/mail-composer';
import { detectMimeType } from 'nodemailer/lib/mime-funcs';
import { givenAttachments, type ReadAttachment } from '../store/emails/attachments.ts';
import type { Attachment, EmailContent } from '../store/emails/email.ts';
import { isInvitation, typeOfInvitation } from './invitations.ts';
import { messageHead, withHead } from './message-head.ts';
import { type MessagePieces, type Placeholder, piecesOf, placeholder, withCrlf } from './mime-pieces.ts';
import { plainMessage } from './mime-text.ts';
import { textOfHtml } from './text-of-html.ts';

/** What goes into a message. */
export interface MessageParts extends EmailContent {
  subject: string;
  message_id: string;
  /** Its Date header. */
  accepted_at: Date;
}

/** A message: whole where it is made of text alone, and then its lines may end in LF alone. */
export type MimeMessage = Buffer | MessagePieces;

/**
 * Bcc recipients are in the envelope alone. HTML without a text gets one made of it here: what is stored stays what the client
 * gave, and accepting stays quick. `read` brings attachments that are not in
 * `given`; `onFault` is told of a fault that comes to light only as the pieces are read, but not of one of `read`.
 */
export function composeMessage(
  email: MessageParts,
  read: ReadAttachment = givenAttachments(email.attachments),
  onFault: (fault: Error) => void = () => {},
): MimeMessage {
  const text = textOfMessage(email);
  const [first, ...others] = [
    ...(text ? [{ type: 'text/plain' as const, content: text }] : []),
    ...(email.html_body ? [{ type: 'text/html' as const, content: email.html_body }] : []),
  ];
  // Nodemailer also composes an empty message.
  if (email.attachments.length > 0 || first === undefined) return messageInPieces(email, text, read, onFault);
  return plainMessage(messageHead(email), [first, ...others]);
}

function messageInPieces(
  email: MessageParts,
  text: string | undefined,
  read: ReadAttachment,
  onFault: (fault: Error) => void,
): MessagePieces {
  const attached = email.attachments.map((_, position) => placeholder(position));
  const invitation = email.attachments.findIndex(isInvitation);
  const invited = invitation < 0 ? undefined : placeholder(invitation);
  const layOut = () =>
    composeWhole(email, text, { attached, invited }).catch((fault: Error) => {
      onFault(fault);
      throw fault;
    });
  return piecesOf(layOut, invited ? [...attached, invited] : attached, read);
}

/** What stands for the attachments, and for the one that is an alternative to the text as well. */
interface Contents {
  attached: readonly Pick<Placeholder, 'content'>[];
  invited?: (Pick<Placeholder, 'content'> & { position: number }) | undefined;
}

/** The same with everything that a message can have. Nodemailer lays out its parts. */
export async function composeWhole(
  email: MessageParts,
  text = textOfMessage(email),
  { attached, invited }: Contents = { attached: [] },
): Promise<Buffer> {
  const { html_body, attachments } = email;
  const composer = new MailComposer({
    ...(text !== undefined && { text }),
    ...(html_body !== null && { html: html_body }),
    ...(invited !== undefined && {
      alternatives: [
        {
          content: invited.content,
          contentType: typeOfInvitation(attachments[invited.position]?.content_type ?? ''),
          contentTransferEncoding: 'base64' as const,
        },
      ],
    }),
    // With HTML, those that have a content_id go beside it in multipart/related.
    attachments: attachments.map((attachment, position) =>
      toPart(attachment, attached[position]?.content ?? Buffer.alloc(0)),
    ),
    // Our server never reads a file or fetches a URL for a caller.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return withHead(messageHead(email), withCrlf(await buffer(composer.compile().createReadStream())));
}

/** All of a message, as it travels. */
export async function wholeMessage(message: MimeMessage): Promise<Buffer> {
  if (Buffer.isBuffer(message)) return withCrlf(message);
  const pieces: Buffer[] = [];
  for await (const piece of message()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The text part: the given one, or else one made from the HTML. */
export function textOfMessage({
  text_body,
  html_body,
}: Pick<EmailContent, 'text_body' | 'html_body'>): string | undefined {
  return text_body ?? (html_body === null ? undefined : textOfHtml(html_body));
}

/** Longest run of spaces in a name; folding a longer one would make lines of only white space (RFC 5322 §3.2.2 forbids them). */
const longRun = / {40,}/g;

function toPart(attachment: Attachment, content: Buffer) {
  const { content_type, content_id } = attachment;
  const filename = attachment.filename.replace(longRun, ' ').trimEnd();
  return {
    filename,
    content,
    // A mail program shows an invitation once: as the alternative.
    contentType: isInvitation(attachment) ? 'application/ics' : (content_type ?? typeOf(filename)),
    // The bytes must arrive unchanged, whatever the type is.
    contentTransferEncoding: 'base64' as const,
    ...(content_id !== null && { cid: content_id }),
  };
}

/** The media type of a file name's ending. A message/… part must not be encoded (RFC 2046 §5.2.1), so it becomes plain bytes. */
function typeOf(filename: string): string {
  const type = detectMimeType(filename);
  return /^(message|multipart)\//i.test(type) ? 'application/octet-stream' : type;
}
