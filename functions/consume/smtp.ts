// One SMTP relay: a pool of warm connections, and a conversation that says exactly how it ended.
import { PassThrough, type Readable } from 'node:stream';
import type { NodemailerError } from 'nodemailer/lib/errors';
import { parseConnectionUrl } from 'nodemailer/lib/shared';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { type AttemptResult, parseReply, type SmtpReply, type Stage, storableText } from './outcome.ts';
import { refuseSmtpUtf8 } from './smtputf8.ts';

export interface SmtpRelay {
  /** Host and port. */
  name: string;
  /**
   * Hands a message to the relay. Never rejects: how it ended is the answer. `beforeData` runs when the relay has said that it
   * takes the message and before the first byte of it is sent; if it rejects, none is.
   */
  send(envelope: Envelope, compose: () => Readable, beforeData?: () => Promise<void>): Promise<AttemptResult>;
  /** Ends idle connections; to be called when nothing is under way. */
  close(): void;
}

export interface Envelope {
  from: string;
  to: string[];
}

export interface SmtpOptions {
  /** Most connections at once. */
  connections: number;
  /** How long the relay may be silent. */
  timeoutMs: number;
}

/** Time for TCP, TLS and the greeting. */
const connectTimeoutMs = 30_000;
/** An unused connection is ended after this; relays drop idle ones after minutes. */
const idleMs = 30_000;
/** Relays commonly limit the messages of one connection. */
const maxMessagesPerConnection = 100;

interface Connection {
  smtp: SMTPConnection;
  messages: number;
  idleTimer?: NodeJS.Timeout;
}

export function createSmtpRelay(url: string, { connections, timeoutMs }: SmtpOptions): SmtpRelay {
  const { auth, ...options } = parseConnectionUrl(url) as SMTPConnection['options'] & {
    auth?: { user: string; pass: string };
  };
  const idle: Connection[] = [];
  const waiting: (() => void)[] = [];
  let open = 0;

  async function send(
    envelope: Envelope,
    compose: () => Readable,
    beforeData?: () => Promise<void>,
  ): Promise<AttemptResult> {
    await slot();
    try {
      const reused = idle.pop();
      if (reused) {
        clearTimeout(reused.idleTimer);
        const result = await converse(reused, envelope, compose(), beforeData);
        // A kept connection that turns out dead says nothing about the relay: a fresh one is tried, as nothing was handed over.
        if (result.ended !== 'lost' || result.transmitted) return result;
      }
      const fresh = await connect();
      return 'ended' in fresh ? fresh : await converse(fresh, envelope, compose(), beforeData);
    } finally {
      freeSlot();
    }
  }

  async function slot(): Promise<void> {
    if (open >= connections) await new Promise<void>((resolve) => waiting.push(resolve));
    else open += 1;
  }

  function freeSlot(): void {
    const next = waiting.shift();
    if (next) next();
    else open -= 1;
  }

  async function connect(): Promise<Connection | AttemptResult> {
    const smtp = new SMTPConnection({
      ...options,
      // A password is never sent in the clear unless the URL says so (?requireTLS=false).
      requireTLS: options.requireTLS ?? (auth !== undefined && !options.secure),
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      socketTimeout: timeoutMs,
    });
    try {
      await new Promise<void>((resolve, reject) => {
        smtp.once('error', reject);
        smtp.connect((error) => {
          if (error) reject(error);
          else if (auth)
            smtp.login({ user: auth.user, pass: auth.pass }, (failed) => (failed ? reject(failed) : resolve()));
          else resolve();
        });
      });
    } catch (error) {
      smtp.on('error', () => {});
      smtp.close();
      return resultOf(error as NodemailerError, 'connect', false);
    }
    smtp.removeAllListeners('error');
    const connection = { smtp, messages: 0 };
    smtp.on('error', () => {});
    smtp.on('end', () => forget(connection));
    return connection;
  }

  async function converse(
    connection: Connection,
    envelope: Envelope,
    composed: Readable,
    beforeData: () => Promise<void> = async () => {},
  ): Promise<AttemptResult> {
    const refusal = refuseSmtpUtf8(envelope, extensionsOf(connection.smtp));
    if (refusal) {
      composed.destroy();
      await keep(connection, refusal);
      return refusal;
    }
    connection.messages += 1;
    let transmitted = false;
    const message = gate(composed, beforeData, () => {
      transmitted = true;
    });
    const result = await new Promise<AttemptResult>((resolve) => {
      connection.smtp.send({ from: envelope.from, to: envelope.to }, message, (error, info) => {
        if (error) resolve(resultOf(error as NodemailerError, 'envelope', transmitted));
        else resolve({ ended: 'accepted', reply: replyOf(info.response), refused: refusals(info.rejectedErrors) });
      });
    });
    composed.destroy();
    await keep(connection, result);
    return result;
  }

  /** Puts a connection back for the next message, or ends it where it cannot be used again. */
  async function keep(connection: Connection, result: AttemptResult): Promise<void> {
    const reusable = result.ended === 'accepted' || (result.ended === 'refused' && (await reset(connection)));
    if (!reusable || connection.messages >= maxMessagesPerConnection) {
      if (result.ended === 'accepted') connection.smtp.quit();
      else connection.smtp.close();
      return;
    }
    connection.idleTimer = setTimeout(() => {
      forget(connection);
      connection.smtp.quit();
    }, idleMs);
    connection.idleTimer.unref();
    idle.push(connection);
  }

  function reset({ smtp }: Connection): Promise<boolean> {
    return new Promise((resolve) => smtp.reset((error) => resolve(!error)));
  }

  function forget(connection: Connection): void {
    clearTimeout(connection.idleTimer);
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
  }

  return {
    name: `${options.host ?? 'localhost'}:${options.port ?? (options.secure ? 465 : 587)}`,
    send,
    close() {
      for (const { smtp, idleTimer } of idle.splice(0)) {
        clearTimeout(idleTimer);
        smtp.quit();
      }
    },
  };
}

/** What the relay offered in its reply to EHLO; nodemailer keeps it to itself. */
function extensionsOf(smtp: SMTPConnection): readonly string[] {
  return (smtp as unknown as { _supportedExtensions?: string[] })._supportedExtensions ?? [];
}

/** Lets the message through once `beforeData` is done; nothing reads it before the relay has answered DATA. */
function gate(message: Readable, beforeData: () => Promise<void>, onEnd: () => void): Readable {
  const through = new PassThrough();
  let begun = false;
  const read = through._read.bind(through);
  through._read = (size) => {
    read(size);
    if (begun) return;
    begun = true;
    beforeData().then(
      () => message.on('error', (error) => through.destroy(error)).pipe(through),
      (error) => through.destroy(error),
    );
  };
  through.on('end', onEnd);
  return through;
}

function resultOf(error: NodemailerError, stage: Stage, transmitted: boolean): AttemptResult {
  const refused = refusals(error.rejectedErrors);
  const reply = error.response ? parseReply(error.response) : [...refused.values()][0];
  if (reply === undefined)
    return { ended: 'lost', stage: stageOf(error, stage), transmitted, reason: storableText(error.message) };
  return { ended: 'refused', stage: stageOf(error, stage), reply, refused };
}

function stageOf({ code, command = '' }: NodemailerError, otherwise: Stage): Stage {
  if (code === 'ETLS' || command === 'STARTTLS') return 'tls';
  if (code === 'EAUTH' || code === 'ENOAUTH' || command.startsWith('AUTH')) return 'auth';
  if (command === 'DATA') return 'data';
  if (command === 'MAIL FROM' || command === 'RCPT TO') return 'envelope';
  return otherwise;
}

function refusals(errors: NodemailerError['rejectedErrors'] = []): Map<string, SmtpReply> {
  return new Map(errors.map((error) => [error.recipient ?? '', replyOf(error.response ?? '')]));
}

function replyOf(response: string): SmtpReply {
  return parseReply(response) ?? { code: 0, enhanced_code: null, text: storableText(response) };
}
