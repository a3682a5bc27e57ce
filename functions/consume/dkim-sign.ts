// Signs a message (DKIM, RFC 6376): rsa-sha256, relaxed/relaxed.
import { type KeyObject, sign } from 'node:crypto';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { MimeMessage } from '../../lib/mail/message.ts';
import { inPieces, type MessagePieces, withCrlf } from '../../lib/mail/mime-pieces.ts';
import { createBodyHash } from './dkim-body-hash.ts';

// We do not use nodemailer's signer (10.6.1): it sends an email unsigned when its key is unusable, cannot sign that a header is
// absent, and hashes a bare CR unchanged, which its SMTP client then sends as CRLF.

export interface DkimSigningKey {
  /** d=, in ASCII. */
  domain: string;
  /** s= */
  selector: string;
  /** RSA. */
  privateKey: KeyObject;
}

/**
 * Signed once more than they occur, so that adding one on the way breaks the signature. Otherwise a second From could be added
 * and shown as signed (RFC 6376 §8.15). No server has a reason to add one of these to our messages.
 */
const sealed = ['from', 'to', 'cc', 'reply-to', 'subject', 'date', 'message-id', 'content-type'];
/** Signed if present (RFC 6376 §5.4.1); RFC 8058 §4 requires those of lists. */
const signedIfThere = [
  ...['sender', 'mime-version', 'content-transfer-encoding', 'in-reply-to', 'references', 'auto-submitted'],
  ...['list-id', 'list-help', 'list-unsubscribe', 'list-unsubscribe-post', 'list-subscribe', 'list-post'],
  ...['list-owner', 'list-archive', 'feedback-id'],
];

/** Signs off the main thread: RSA of 2048 bits takes 0.5 ms of CPU, longer keys several ms. */
const signOffThread = promisify(sign);

/**
 * Returns the function that signs a message with the key that `find` resolves with. Without a key, the message stays as it is.
 * When `find` rejects, no message is composed: the email is deferred, not sent unsigned.
 */
export async function signedWith(
  find: () => Promise<DkimSigningKey | undefined>,
): Promise<(message: MimeMessage) => Buffer | Readable> {
  try {
    const key = await find();
    if (key !== undefined) return (message) => streamOf(signed(message, key));
    return (message) => (Buffer.isBuffer(message) ? message : streamOf(message()));
  } catch (error) {
    return () => {
      throw new Error('the DKIM key could not be read', { cause: error });
    };
  }
}

function streamOf(pieces: AsyncIterable<Buffer>): Readable {
  const stream = Readable.from(pieces, { objectMode: false });
  // Begins at once, not when the relay waits for it.
  stream.read(0);
  return stream;
}

/** The message with its signature before it. It is read twice, as the signature tells of all of it; a failure comes before any byte. */
async function* signed(message: MimeMessage, key: DkimSigningKey): AsyncGenerator<Buffer> {
  const whole = Buffer.isBuffer(message) ? withCrlf(message) : message;
  const pieces: MessagePieces = Buffer.isBuffer(whole)
    ? async function* () {
        yield* inPieces(whole);
      }
    : whole;
  yield Buffer.from(await signatureField(pieces(), key), 'latin1');
  yield* pieces();
}

/** The `DKIM-Signature` header, with its CRLF, of a message whose lines end with CRLF. */
async function signatureField(pieces: AsyncIterable<Buffer>, key: DkimSigningKey): Promise<string> {
  let head = '';
  let headEnd = -1;
  const body = createBodyHash();
  for await (const piece of pieces) {
    const text = piece.toString('latin1');
    if (headEnd >= 0) body.update(text);
    else {
      head += text;
      headEnd = head.indexOf('\r\n\r\n');
      if (headEnd >= 0) body.update(head.slice(headEnd + 4));
    }
  }
  const bodyHash = body.digest();
  const fields = head.slice(0, headEnd).split(/\r\n(?![ \t])/);

  const byName = new Map<string, string[]>();
  for (const field of fields) {
    const [name, value] = relaxedField(field);
    byName.set(name, [...(byName.get(name) ?? []), value]);
  }
  const names = [...sealed, ...signedIfThere].flatMap((name) => {
    const count = (byName.get(name)?.length ?? 0) + (sealed.includes(name) ? 1 : 0);
    return Array<string>(count).fill(name);
  });
  const unsigned = [
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;',
    `d=${key.domain}; s=${key.selector};`,
    `t=${Math.floor(Date.now() / 1000)};`,
    `h=${foldedNames(names)};`,
    `bh=${bodyHash};`,
    'b=',
  ].join('\r\n ');
  const [name, value] = relaxedField(unsigned);
  // A repeated header is taken from the last up (§5.4.2); an absent one adds nothing.
  const hashed = names.map((each) => [each, byName.get(each)?.pop()]).filter(([, each]) => each !== undefined);
  const input = [...hashed, [name, value]].map((each) => each.join(':')).join('\r\n');
  const signature = await signOffThread('sha256', Buffer.from(input, 'latin1'), key.privateKey);
  return `${unsigned}${folded(signature.toString('base64'))}\r\n`;
}

/** §3.4.2: name and value of a header. */
function relaxedField(field: string): [name: string, value: string] {
  const colon = field.indexOf(':');
  const value = field
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replace(/[ \t]+/g, ' ');
  return [field.slice(0, colon).trimEnd().toLowerCase(), value.replace(/^ | $/g, '')];
}

/** Folds into lines so short that no server on the way has a reason to break them. */
function folded(text: string): string {
  return (text.match(/.{1,72}/g) ?? []).join('\r\n  ');
}

/** The same for a list, which may be folded only after a colon. */
function foldedNames(names: readonly string[]): string {
  const lines = [''];
  for (const [index, name] of names.entries()) {
    const piece = index === names.length - 1 ? name : `${name}:`;
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + piece.length > 73) lines.push(piece);
    else lines[lines.length - 1] = line + piece;
  }
  return lines.join('\r\n  ');
}
