// Builds the most common message (text and HTML, no attachments) in one piece; nodemailer's composer needs a dozen streams for it.
import { randomUUID } from 'node:crypto';
import * as base64 from 'nodemailer/lib/base64';
import { hasLongerLines, isPlainText } from 'nodemailer/lib/mime-funcs';
import * as qp from 'nodemailer/lib/qp';

interface Body {
  type: 'text/plain' | 'text/html';
  content: string;
}

/** RFC 2045 §6.7 limits encoded lines to 76 characters; a text with a longer line is encoded. */
const lineLength = 76;

/** The same bytes as from nodemailer's composer with that head, except that the boundary differs. */
export function plainMessage(head: string, bodies: readonly [Body, ...Body[]]): Buffer {
  const [only, ...others] = bodies;
  if (others.length === 0) {
    const { type, encoding, content } = part(only);
    return Buffer.from(withEndOfLine(`${head}${encoding}MIME-Version: 1.0\r\n${type}\r\n${content}`));
  }
  const boundary = `--_${randomUUID()}`;
  const parts = bodies
    .map(part)
    .map(({ type, encoding, content }) => `--${boundary}\r\n${type}${encoding}\r\n${content}\r\n`);
  const type = `Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n`;
  return Buffer.from(`${head}MIME-Version: 1.0\r\n${type}\r\n${parts.join('')}--${boundary}--\r\n`);
}

function part({ type, content }: Body) {
  const encoding = encodingOf(content);
  return {
    type: `Content-Type: ${type}; charset=utf-8\r\n`,
    encoding: `Content-Transfer-Encoding: ${encoding}\r\n`,
    content: encoders[encoding](content),
  };
}

/** Short lines of ASCII stay as they are. Mostly Latin text is quoted-printable, so that the source is readable; other text is base64. */
function encodingOf(content: string): keyof typeof encoders {
  if (isPlainText(content) && !hasLongerLines(content, lineLength)) return '7bit';
  const latin = content.match(/[A-Za-z]/g)?.length ?? 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant.
  const others = content.match(/[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\uffff]/g)?.length ?? 0;
  return others < latin ? 'quoted-printable' : 'base64';
}

const encoders = {
  '7bit': (content: string) => content,
  'quoted-printable': (content: string) => qp.wrap(qp.encode(content)),
  base64: (content: string) => base64.wrap(base64.encode(content)),
};

function withEndOfLine(message: string): string {
  if (message.endsWith('\n')) return message;
  return message.endsWith('\r') ? `${message}\n` : `${message}\r\n`;
}
