// Builds the MIME message (RFC 5322, RFC 2045) of an email. Every attempt gets the same bytes, except for generated boundaries.
import type { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { detectMimeType } from 'nodemailer/lib/mime-funcs';
import type { ReadAttachment } from '../store/emails/attachments.ts';
import type { Attachment, EmailContent, Mailbox } from '../store/emails/email.ts';
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
  given: MessageParts,
  { read = noAttachments, onFault = () => {}, textOf }: Composing = {},
): MimeMessage {
  const email = foldable(given);
  const { headers, custom_headers, subject, message_id, accepted_at, attachments, html_body } = email;
  const text = textOfMessage(email, textOf);
  const [first, ...others] = [
    ...(text ? [{ type: 'text/plain' as const, content: text }] : []),
    ...(html_body ? [{ type: 'text/html' as const, content: html_body }] : []),
  ];
  // Nodemailer also composes an empty message.
  if (attachments.length > 0 || first === undefined || isLarge(first) || others.some(isLarge))
    return messageInPieces(email, text, { read, onFault });
  const own = {
    From: toAddress(headers.from),
    To: headers.to.map(toAddress),
    Cc: headers.cc.map(toAddress),
    'Reply-To': headers.reply_to.map(toAddress),
    Subject: subject,
    'Message-ID': message_id,
    Date: accepted_at,
  };
  return plainMessage({ custom: custom_headers, own }, [first, ...others]);
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
  const large: LargePart[] = email.attachments.map((_, position) => largePart(() => read(position)));
  const contents = large.map(({ placeholder }) => placeholder);
  const texts = { text: placed(text), html: placed(email.html_body ?? undefined) };
  return piecesOf(() => composeStream(email, texts, contents).once('error', onFault), large);

  function placed(body: string | undefined) {
    if (body === undefined || body.length <= mostAtOnce) return body;
    const part = largePart(() => encodedText(body));
    large.push(part);
    return part.placeholder;
  }
}

interface Texts {
  /** What has the form of bytes is sent as base64. */
  text: string | Buffer | undefined;
  html: string | Buffer | undefined;
}

/** The same with everything that a message can have. `contents` are those of its attachments. */
export function composeStream(email: MessageParts, texts: Texts = textsOf(email), contents: Buffer[] = []): Readable {
  const { headers, custom_headers, attachments, subject, message_id, accepted_at } = foldable(email);
  const { text, html } = texts;
  const composer = new MailComposer({
    from: toAddress(headers.from),
    to: headers.to.map(toAddress),
    cc: headers.cc.map(toAddress),
    replyTo: headers.reply_to.map(toAddress),
    subject,
    messageId: message_id,
    date: accepted_at,
    headers: Object.entries(custom_headers).map(([key, value]) => ({ key, value })),
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    // With HTML, those that have a content_id go beside it in multipart/related.
    attachments: attachments.map((attachment, position) => toPart(attachment, contents[position] ?? Buffer.alloc(0))),
    // Our server never reads a file or fetches a URL for a caller.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().createReadStream();
}

function textsOf(email: MessageParts): Texts {
  return { text: textOfMessage(email), html: email.html_body ?? undefined };
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

/** Longest run of spaces in a header; folding a longer one would make lines of only white space (RFC 5322 §3.2.2 forbids them). */
const longRun = / {40,}/g;

/** The email with headers that can be folded: each long run of spaces becomes one space. */
function foldable<Email extends MessageParts>(email: Email): Email {
  const { subject, headers, custom_headers, attachments } = email;
  return {
    ...email,
    subject: shortened(subject),
    headers: {
      from: shortName(headers.from),
      to: headers.to.map(shortName),
      cc: headers.cc.map(shortName),
      bcc: headers.bcc,
      reply_to: headers.reply_to.map(shortName),
    },
    custom_headers: Object.fromEntries(Object.entries(custom_headers).map(([name, value]) => [name, shortened(value)])),
    attachments: attachments.map((one) => ({ ...one, filename: shortened(one.filename) })),
  };
}

function shortName({ email, name }: Mailbox): Mailbox {
  return name === undefined ? { email } : { email, name: shortened(name) };
}

function shortened(text: string): string {
  return text.replace(longRun, ' ').trimEnd();
}

function toAddress({ email, name }: Mailbox) {
  return { address: email, name: name ?? '' };
}

function toPart({ filename, content_type, content_id }: Attachment, content: Buffer) {
  return {
    filename,
    content,
    contentType: content_type ?? typeOf(filename),
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
