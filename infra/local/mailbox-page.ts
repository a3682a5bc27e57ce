// Runs MailDev behind a check of the request's origin: its page shows and deletes every email, and accepts all origins. Some mail it answers.
import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { answer } from './mailbox-answers.ts';
import { fromOurPage } from './same-origin.ts';

const emit = Server.prototype.emit as (...all: unknown[]) => boolean;
/** Checks a request before MailDev or its WebSocket gets it: both pass only here. */
Server.prototype.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
  if (event === 'request' || event === 'upgrade') {
    const [request, answer] = args as [IncomingMessage, ServerResponse | Duplex];
    if (!fromOurPage(request)) return refuse(answer);
    if ('setHeader' in answer) keepHeadersShut(answer);
  }
  return emit.call(this, event, ...args);
};

function refuse(answer: ServerResponse | Duplex): true {
  if ('writeHead' in answer) {
    answer.writeHead(403, { 'content-type': 'text/plain', connection: 'close' });
    answer.end('The mailbox is shown to its own page alone: open http://localhost with its port.\n');
  } else answer.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  return true;
}

/** MailDev would let scripts of every origin read what it answers. */
function keepHeadersShut(response: ServerResponse): void {
  const setHeader = response.setHeader;
  response.setHeader = function (name, value) {
    return name.toLowerCase().startsWith('access-control-') ? this : setHeader.call(this, name, value);
  };
}

interface MailDevEmail {
  envelope: { from: { address?: string } | false; to: { address: string }[] };
  headers: Record<string, string | undefined>;
}

const MailDev = createRequire(import.meta.url)('maildev');
const mailbox = new MailDev();
const reportsPort = Number(process.env.MAILBOX_REPORTS_PORT);
if (reportsPort)
  mailbox.on('new', ({ envelope: { from, to }, headers }: MailDevEmail) => {
    const sender = (from || undefined)?.address ?? '';
    if (sender !== '')
      void answer(
        { from: sender, to: to.map(({ address }) => address), messageId: headers['message-id'] },
        reportsPort,
      );
  });
mailbox.listen();
