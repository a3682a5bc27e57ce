// One conversation with an SMTP relay: opening the connection, handing over one message, and saying exactly how it ended.
import type { Readable } from 'node:stream';
import type { NodemailerError } from 'nodemailer/lib/errors';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { parseReply, type SmtpReply, storableText } from '../../lib/mail/smtp-reply.ts';
import { composeFailed, gate, inPieces, type Passing, type Sent } from './gate.ts';
import { type InStep, keepInStep, mostReplyBytes } from './in-step.ts';
import type { AttemptResult, Refused, Stage } from './outcome.ts';
import { letQuickPiecesPass } from './quick-pieces.ts';
import type { RelayAddress } from './relay-url.ts';
import { tooLarge, wireBytes } from './size.ts';
import { askForSmtpUtf8, refuseSmtpUtf8 } from './smtputf8.ts';

/** A connection to a relay. */
export interface Connection extends InStep {
  smtp: SMTPConnection;
  /** How long the relay may be silent. */
  timeoutMs: number;
}

export interface SmtpMessage extends Pick<Passing, 'beforeData' | 'beforeDot'> {
  /** `envelopeId`: what reports are to name it by; undefined: none is asked for (RFC 3461). */
  envelope: { from: string; to: string[]; envelopeId?: string | undefined };
  /** What its head has that is not ASCII. */
  notAscii?: string | undefined;
  compose: () => Buffer | Readable;
  /** Least size on the wire, as far as it is known before the message is composed. */
  leastBytes?: number;
}

/** How a message's conversation ended, and how much of the message had been sent by then. */
export interface Handover {
  result: AttemptResult;
  sent: Sent;
}

/** Time for the network: finding the host, TCP, and TLS where that comes first. */
const connectTimeoutMs = 30_000;
/** Time for the greeting, which a relay may delay while it looks us up or is busy (RFC 5321 §4.5.3.2.1), and for STARTTLS. */
const greetingTimeoutMs = 300_000;
/**
 * How many times as long a relay may be silent after the end of a message, 10 minutes in place of 5 (RFC 5321 §4.5.3.2.6): it may look
 * at it closely, and where we do not wait, it has taken the message and gets it again.
 */
const timesAtTheEnd = 2;
/** Longest wait for the reply to RSET or QUIT, which delivers nothing. */
const farewellMs = 5_000;

/** Opens a connection, or says how that ended. `timeoutMs` is how long the relay may be silent. */
export async function openConnection(relay: RelayAddress, timeoutMs: number): Promise<Connection | AttemptResult> {
  const { host, port, secure, requireTLS, ignoreTLS, tls, auth, ehloName } = relay;
  const setUpMs = Math.min(greetingTimeoutMs, timeoutMs);
  const smtp = new SMTPConnection({
    host,
    port,
    secure,
    requireTLS,
    ignoreTLS,
    // If the relay offers STARTTLS and then refuses it, we go on in the clear, as when it does not offer it.
    opportunisticTLS: !requireTLS,
    tls,
    ...(ehloName !== undefined && { name: ehloName }),
    connectionTimeout: setUpMs,
    greetingTimeout: setUpMs,
    socketTimeout: timeoutMs,
    maxResponseSize: mostReplyBytes,
  });
  const { isOutOfStep } = keepInStep(smtp);
  // Stays for the life of the connection: an error without a listener would end the process.
  smtp.on('error', () => {});
  let tcpTimer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      smtp.once('error', reject);
      // Nodemailer has only one timeout for all of these steps.
      tcpTimer = setTimeout(
        () => {
          if (smtp.stage === 'init') reject(Object.assign(new Error('Connection timeout'), { code: 'ETIMEDOUT' }));
        },
        Math.min(connectTimeoutMs, timeoutMs),
      );
      smtp.connect((error) => {
        if (error) reject(error);
        else if (auth) smtp.login({ ...auth }, (failed) => (failed ? reject(failed) : resolve()));
        else resolve();
      });
    });
    return { smtp, isOutOfStep, timeoutMs };
  } catch (error) {
    smtp.close();
    return withoutSecrets(resultOf(error as NodemailerError, 'connect', false), auth);
  } finally {
    clearTimeout(tcpTimer);
  }
}

/** Hands one message over. Never rejects: failures are results, too. */
export async function handOver(
  { smtp, timeoutMs }: Connection,
  { envelope, notAscii, compose, leastBytes = 0, beforeData, beforeDot }: SmtpMessage,
): Promise<Handover> {
  const { extensions, mostBytes } = offersOf(smtp);
  const refusal =
    refuseSmtpUtf8(envelope, extensions, notAscii) ??
    (leastBytes > mostBytes ? tooLarge(leastBytes, mostBytes) : undefined);
  if (refusal) return { result: refusal, sent: 'nothing' };
  let composed: Buffer | Readable;
  try {
    const message = compose();
    const bytes = Buffer.isBuffer(message) && message.length * 2 > mostBytes ? wireBytes(message) : 0;
    if (bytes > mostBytes) return { result: tooLarge(bytes, mostBytes), sent: 'nothing' };
    composed = inPieces(message);
  } catch (error) {
    return { result: { ended: 'abandoned', reason: composeFailed, error: error as Error }, sent: 'nothing' };
  }
  const message = gate(composed, { mostBytes, beforeData, beforeDot, aboutToLeave: () => leaveTogether(smtp) });
  // A small message is one piece, which nodemailer is soon done with.
  if (!Buffer.isBuffer(composed)) letQuickPiecesPass(message.through);
  message.through.on('end', () => allowSilence(smtp, timeoutMs * timesAtTheEnd));
  // Nodemailer keeps its notes in it.
  const ownEnvelope: OwnEnvelope = { from: envelope.from, to: envelope.to, ...reportsAsked(envelope.envelopeId) };
  const asked = notAscii === undefined ? undefined : askForSmtpUtf8(smtp);
  const result = await new Promise<AttemptResult>((resolve) => {
    smtp.send(ownEnvelope, message.through, (error, info) => {
      const { sent, fault } = message.progress();
      if (fault) resolve(fault);
      else if (error) {
        const failed = resultOf(error, sent === 'nothing' ? 'envelope' : 'data', sent === 'all');
        resolve(withRefusals(failed, ownEnvelope));
      } else if (sent === 'all')
        resolve({ ended: 'accepted', reply: replyOf(info.response), refused: refusals(info.rejectedErrors) });
      // The relay accepted the message before its end: nobody knows what it has.
      else resolve(lostAtData('the relay answered before the end of the message'));
    });
  });
  asked?.();
  allowSilence(smtp, timeoutMs);
  if (!Buffer.isBuffer(composed)) composed.destroy();
  return { result, sent: message.progress().sent };
}

function allowSilence({ _socket: socket }: SMTPConnection, ms: number): void {
  if (socket) socket.setTimeout(ms);
}

/** Joins the writes of one turn of the event loop into one packet: the message and its final dot. */
function leaveTogether({ _socket: socket }: SMTPConnection): void {
  if (!socket) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** What the relay offered in its reply to EHLO; private in nodemailer. `mostBytes`: largest message; SIZE 0 sets no bound. */
function offersOf(smtp: object): { extensions: readonly string[]; mostBytes: number } {
  const { _supportedExtensions, _maxAllowedSize } = smtp as {
    _supportedExtensions?: string[];
    _maxAllowedSize?: number;
  };
  return { extensions: _supportedExtensions ?? [], mostBytes: _maxAllowedSize || Number.POSITIVE_INFINITY };
}

/** Makes a connection ready for another message; false when it cannot be. */
export function reset({ smtp }: Connection): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isReset: boolean) => {
      clearTimeout(timer);
      smtp.removeListener('end', onEnd);
      resolve(isReset);
    };
    // If the connection ends before the reply, nodemailer does not call back.
    const onEnd = () => answer(false);
    const timer = setTimeout(onEnd, farewellMs);
    smtp.once('end', onEnd);
    smtp.reset((error) => answer(!error));
  });
}

/** Ends a connection politely, and in any case. */
export function quit({ smtp }: Connection): void {
  const timer = setTimeout(() => smtp.close(), farewellMs);
  timer.unref();
  smtp.once('end', () => clearTimeout(timer));
  smtp.quit();
}

function resultOf(error: NodemailerError, stage: Stage, transmitted: boolean): AttemptResult {
  const reason = storableText(error.message);
  // Nodemailer itself refuses to send a message like this.
  if (error.command === 'API' && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE'))
    return { ended: 'abandoned', reason, error };
  const refused = refusals(error.rejectedErrors);
  const reply = error.response ? parseReply(error.response) : undefined;
  const at = stageOf(error, stage);
  if (reply) return { ended: 'refused', stage: at, reply, refused };
  return { ended: 'lost', stage: at, transmitted, timed_out: error.code === 'ETIMEDOUT', reason, refused };
}

type OwnEnvelope = Pick<SmtpMessage['envelope'], 'from' | 'to'> &
  ReturnType<typeof reportsAsked> & { rejectedErrors?: NodemailerError[] };

/** Asks for reports of bounces and delays; nodemailer leaves it out where the relay does not offer DSN. */
function reportsAsked(envelopeId: string | undefined) {
  return envelopeId === undefined
    ? {}
    : { dsn: { id: envelopeId, return: 'headers' as const, notify: ['failure', 'delay'] as const satisfies string[] } };
}

/**
 * Adds the recipients that were refused before DATA, if the conversation failed at DATA: nodemailer reports them only with a success.
 * If it failed before DATA, they mean nothing: when the sender is refused, every recipient after it is refused for that reason.
 */
function withRefusals(result: AttemptResult, { rejectedErrors }: OwnEnvelope): AttemptResult {
  if ((result.ended !== 'refused' && result.ended !== 'lost') || result.stage !== 'data') return result;
  return { ...result, refused: refusals(rejectedErrors) };
}

/** Replaces a refusal on a connection that is out of step, so that another relay is tried. */
export const lostInStep: AttemptResult = {
  ended: 'lost',
  stage: 'envelope',
  transmitted: false,
  timed_out: false,
  reason: 'the relay is out of step: whom and what it refused is not known',
  refused: new Map(),
};

function lostAtData(reason: string): AttemptResult {
  return { ended: 'lost', stage: 'data', transmitted: true, timed_out: false, reason, refused: new Map() };
}

/** Codes of OpenSSL and of Node's TLS; nodemailer reports them as trouble with the socket. */
const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|CRL_|ERROR_IN_C|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_)/;

function stageOf({ code, originalCode = '', timeoutType, command = '' }: NodemailerError, otherwise: Stage): Stage {
  if (code === 'ETLS' || command === 'STARTTLS' || timeoutType === 'UPGRADE_TIMEOUT') return 'tls';
  if (otherwise === 'connect' && tlsCodes.test(originalCode)) return 'tls';
  if (code === 'EAUTH' || code === 'ENOAUTH' || command.startsWith('AUTH')) return 'auth';
  if (command === 'DATA') return 'data';
  if (command === 'MAIL FROM' || command === 'RCPT TO') return 'envelope';
  return otherwise;
}

function refusals(errors: NodemailerError['rejectedErrors'] = []): Refused {
  return new Map(errors.map((error) => [error.recipient ?? '', replyOf(error.response ?? '')]));
}

function replyOf(response: string): SmtpReply {
  return parseReply(response) ?? { code: 0, enhanced_code: null, text: storableText(response) };
}

/** A relay may quote the AUTH command that it refused. Clients read replies in the email's history. */
function withoutSecrets(result: AttemptResult, auth: RelayAddress['auth']): AttemptResult {
  if (auth === undefined || result.ended !== 'refused') return result;
  const { user, pass } = auth;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secrets = [base64(`\0${user}\0${pass}`), base64(user), base64(pass), user, pass];
  const text = secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), result.reply.text);
  return { ...result, reply: { ...result.reply, text } };
}
