// Builds the MIME message (RFC 5322, RFC 2045) of an email. Every attempt gets the same bytes, except for generated boundaries.
import { buffer } from 'node:stream/consumers';
import MailComposer from 'nodemailer/lib/mail-composer';
import { detectMimeType } from 'nodemailer/lib/mime-funcs';
import type { ReadAttachment } from '../store/emails/attachments.ts';
import type { Attachment, EmailContent } from '../store/emails/email.ts';
import { isInvitation, typeOfInvitation } from './invitations.ts';
import { messageHead, withHead } from './message-head.ts';
import { encodedText, type LargePart, largePart, type MessagePieces, piecesOf, withCrlf } from './mime-pieces.ts';
import { plainMessage } from './mime-text.ts';
import { textOfHtml } from './text-of-html.ts';

/** What goes into a message. */
export interface MessageParts extends EmailContent {
  subject: string;
  message_id: string;
  /** Its Date header. */
  accepted_at: Date;
}

/** A message: whole where it is made of short texts alone, and then its lines may end in LF alone. */
export type MimeMessage = Buffer | MessagePieces;

export interface Composing {
  /** Brings attachments. */
  read?: ReadAttachment;
  /** Told of a fault that comes to light only as the pieces are read, but not of one of `read`. */
  onFault?: (fault: Error) => void;
  /** Makes the text of HTML that came without one. */
  textOf?: (html: string) => string | undefined;
}

/**
 * Bcc recipients are in the envelope alone. HTML without a text gets one made of it here: what is stored stays what the client
 * gave, and accepting stays quick.
 */
export function composeMessage(
  email: MessageParts,
  { read = noAttachments, onFault = () => {}, textOf }: Composing = {},
): MimeMessage {
  const text = textOfMessage(email, textOf);
  const [first, ...others] = [
    ...(text ? [{ type: 'text/plain' as const, content: text }] : []),
    ...(email.html_body ? [{ type: 'text/html' as const, content: email.html_body }] : []),
  ];
  // Nodemailer also composes an empty message.
  const isPlain = email.attachments.length === 0 && first !== undefined && ![first, ...others].some(isLarge);
  if (isPlain) return plainMessage(messageHead(email), [first, ...others]);
  return messageInPieces(email, text, { read, onFault });
}

/** Characters of a text that is encoded at once, as quoted-printable if it is mostly Latin: some 20 ms. Longer ones are base64. */
const mostAtOnce = 256_000;

function isLarge({ content }: { content: string }): boolean {
  return content.length > mostAtOnce;
}

function noAttachments(position: number): never {
  throw new Error(`nothing reads attachment ${position}`);
}

function messageInPieces(
  email: MessageParts,
  text: string | undefined,
  { read, onFault }: Required<Pick<Composing, 'read' | 'onFault'>>,
): MessagePieces {
  const large: LargePart[] = [];
  const placed = (part: LargePart) => {
    large.push(part);
    return part.placeholder;
  };
  const placedText = (content: string | undefined) =>
    content !== undefined && isLarge({ content }) ? placed(largePart(() => encodedText(content))) : content;
  const attachment = (position: number) => placed(largePart(() => read(position)));
  const invitation = email.attachments.findIndex(isInvitation);
  const bodies: Bodies = {
    text: placedText(text),
    html: placedText(email.html_body ?? undefined),
    attached: email.attachments.map((_, position) => attachment(position)),
    ...(invitation >= 0 && { invited: { position: invitation, content: attachment(invitation) } }),
  };
  const layOut = () =>
    composeWhole(email, bodies).catch((fault: Error) => {
      onFault(fault);
      throw fault;
    });
  return piecesOf(layOut, large);
}

/** What is in a message, or stands for it. A text in the form of bytes is sent as base64. */
interface Bodies {
  text: string | Buffer | undefined;
  html: string | Buffer | undefined;
  attached: readonly Buffer[];
  /** The attachment that is an alternative to the text as well. */
  invited?: { position: number; content: Buffer };
}

function bodiesOf(email: MessageParts): Bodies {
  return { text: textOfMessage(email), html: email.html_body ?? undefined, attached: [] };
}

/** The same with everything that a message can have. Nodemailer lays out its parts. */
export async function composeWhole(
  email: MessageParts,
  { text, html, attached, invited }: Bodies = bodiesOf(email),
): Promise<Buffer> {
  const { attachments } = email;
  const composer = new MailComposer({
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
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
    attachments: attachments.map((attachment, position) => toPart(attachment, attached[position] ?? Buffer.alloc(0))),
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
export function textOfMessage(
  { text_body, html_body }: Pick<EmailContent, 'text_body' | 'html_body'>,
  textOf: (html: string) => string | undefined = textOfHtml,
): string | undefined {
  return text_body ?? (html_body === null ? undefined : textOf(html_body));
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
