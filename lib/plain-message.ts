// Builds the commonest message, text and HTML without attachments, in one piece: nodemailer's composer takes a dozen streams to it.
import { randomUUID } from 'node:crypto';
import * as base64 from 'nodemailer/lib/base64';
import MimeNode, { type MimeNodeHeaderValue } from 'nodemailer/lib/mime-node';
import * as qp from 'nodemailer/lib/qp';

/** The headers that nodemailer's composer would be given: those of the caller, then ours. */
interface Headers {
  custom: Record<string, string>;
  own: Record<string, MimeNodeHeaderValue>;
}

interface Body {
  type: 'text/plain' | 'text/html';
  content: string;
}

/** The bytes that nodemailer's composer would make of the same, but for the boundary. Headers and encodings are written by its own parts. */
export function plainMessage({ custom, own }: Headers, bodies: readonly [Body, ...Body[]]): Buffer {
  const [only, ...others] = bodies;
  // Given to each part, as nodemailer asks the system for random bytes where it has none.
  const options = { baseBoundary: randomUUID() };
  const typeOf = ({ type }: Body) => `${type}; charset=utf-8`;
  const root = new MimeNode(others.length > 0 ? 'multipart/alternative' : typeOf(only), options);
  for (const [name, value] of Object.entries(custom)) root.addHeader(name, value);
  root.setHeader(own);
  if (others.length === 0) return Buffer.from(withEndOfLine(whole(root.setContent(only.content))));
  const parts = bodies.map((body) => whole(root.createChild(typeOf(body), options).setContent(body.content)));
  const head = root.buildHeaders();
  const parted = parts.map((part) => `--${root.boundary}\r\n${part}\r\n`).join('');
  return Buffer.from(`${head}\r\n\r\n${parted}--${root.boundary}--\r\n`);
}

function whole(part: MimeNode): string {
  const head = part.buildHeaders();
  return `${head}\r\n\r\n${encoded(String(part.content), part.getTransferEncoding())}`;
}

function encoded(content: string, encoding: string | false): string {
  if (encoding === 'quoted-printable') return qp.wrap(qp.encode(content));
  return encoding === 'base64' ? base64.wrap(base64.encode(content)) : content;
}

function withEndOfLine(message: string): string {
  if (message.endsWith('\n')) return message;
  return message.endsWith('\r') ? `${message}\n` : `${message}\r\n`;
}
