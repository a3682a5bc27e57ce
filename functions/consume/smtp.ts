// One conversation with an SMTP relay: opening the connection, handing over one message, and saying exactly how it ended.
import { Readable, Transform } from 'node:stream';
import type { NodemailerError } from 'nodemailer/lib/errors';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { type InStep, keepInStep, mostReplyBytes } from './in-step.ts';
import { type AttemptResult, parseReply, type Refused, type SmtpReply, type Stage, storableText } from './outcome.ts';
import type { RelayAddress } from './relay-url.ts';
import { refuseSmtpUtf8 } from './smtputf8.ts';

/** A connection to a relay. */
export interface Connection extends InStep {
  smtp: SMTPConnection;
}

export interface SmtpMessage {
  envelope: { from: string; to: string[] };
  compose: () => Buffer | Readable;
  /** Runs when the relay has said that it takes the message, before the first byte of it is sent; if it rejects, none is. */
  beforeData?: (() => Promise<void>) | undefined;
  /** Runs when all of a long message has left but the final dot; if it throws, that is not sent. */
  beforeDot?: (() => void) | undefined;
}

/** How a message's conversation ended, and how much of the message had been sent by then. */
export interface Handover {
  result: AttemptResult;
  sent: 'nothing' | 'some' | 'all';
}

/** Time for TCP, TLS and the greeting. */
const connectTimeoutMs = 30_000;
/** A relay that has nothing more to do for us must not keep us waiting. */
const farewellMs = 5_000;

/** Opens a connection, or says how that ended. `timeoutMs` is how long the relay may be silent. */
export async function openConnection(relay: RelayAddress, timeoutMs: number): Promise<Connection | AttemptResult> {
  const { host, port, secure, requireTLS, ignoreTLS, tls, auth, ehloName } = relay;
  const setUpMs = Math.min(connectTimeoutMs, timeoutMs);
  const smtp = new SMTPConnection({
    host,
    port,
    secure,
    requireTLS,
    ignoreTLS,
    tls,
    ...(ehloName !== undefined && { name: ehloName }),
    connectionTimeout: setUpMs,
    greetingTimeout: setUpMs,
    socketTimeout: timeoutMs,
    maxResponseSize: mostReplyBytes,
  });
  const { isOutOfStep } = keepInStep(smtp);
  // For as long as it lives: an error nobody listens for would end the process.
  smtp.on('error', () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      smtp.once('error', reject);
      smtp.connect((error) => {
        if (error) reject(error);
        else if (auth) smtp.login({ ...auth }, (failed) => (failed ? reject(failed) : resolve()));
        else resolve();
      });
    });
    return { smtp, isOutOfStep };
  } catch (error) {
    smtp.close();
    return withoutSecrets(resultOf(error as NodemailerError, 'connect', false), auth);
  }
}

/** Hands one message over. Never rejects: how it ended is the answer. */
export async function handOver(
  { smtp }: Connection,
  { envelope, compose, beforeData, beforeDot }: SmtpMessage,
): Promise<Handover> {
  const refusal = refuseSmtpUtf8(envelope, extensionsOf(smtp));
  if (refusal) return { result: refusal, sent: 'nothing' };
  let composed: Buffer | Readable;
  try {
    composed = inPieces(compose());
  } catch (error) {
    return { result: { ended: 'abandoned', reason: composeFailed, error: error as Error }, sent: 'nothing' };
  }
  const message = gate(composed, { beforeData, beforeDot, aboutToLeave: () => leaveTogether(smtp) });
  // Nodemailer keeps its notes in it.
  const ownEnvelope: OwnEnvelope = { ...envelope };
  const result = await new Promise<AttemptResult>((resolve) => {
    smtp.send(ownEnvelope, message.through, (error, info) => {
      const { sent, fault } = message.progress();
      if (fault) resolve(fault);
      else if (error) {
        const failed = resultOf(error, sent === 'nothing' ? 'envelope' : 'data', sent === 'all');
        resolve(withRefusals(failed, ownEnvelope));
      } else if (sent === 'all')
        resolve({ ended: 'accepted', reply: replyOf(info.response), refused: refusals(info.rejectedErrors) });
      // What a relay means that takes a message before its end is anybody's guess.
      else resolve(lostAtData('the relay answered before the end of the message'));
    });
  });
  if (!Buffer.isBuffer(composed)) composed.destroy();
  return { result, sent: message.progress().sent };
}

/** What is written in this turn of the event loop is one packet: a message, and the final dot after it. */
function leaveTogether({ _socket: socket }: SMTPConnection): void {
  if (!socket) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** What the relay offered in its reply to EHLO; nodemailer keeps it to itself. */
function extensionsOf(smtp: SMTPConnection): readonly string[] {
  return (smtp as unknown as { _supportedExtensions?: string[] })._supportedExtensions ?? [];
}

/** Makes a connection ready for another message; false when it cannot be. */
export function reset({ smtp }: Connection): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isReset: boolean) => {
      clearTimeout(timer);
      smtp.removeListener('end', onEnd);
      resolve(isReset);
    };
    // When the connection ends before the reply, nobody calls back.
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

/** A small message goes whole; of a large one no more than this is held back. */
const pieceBytes = 65_536;

const composeFailed = 'the message could not be composed';

const claimUncertain = 'the claim was lost, or could not be kept';

interface Passing extends Pick<SmtpMessage, 'beforeData' | 'beforeDot'> {
  aboutToLeave: () => void;
}

/** Lets the message through once `beforeData` is done; nothing reads it before the relay has answered DATA. */
function gate(message: Buffer | Readable, { beforeData = async () => {}, beforeDot, aboutToLeave }: Passing) {
  const { through, open } = Buffer.isBuffer(message)
    ? gateOfWhole(message, aboutToLeave)
    : gateOfStream(message, beforeDot);
  let sent: Handover['sent'] = 'nothing';
  let fault: AttemptResult | undefined;
  const giveUp = (reason: string) => (error: Error) => {
    fault ??= { ended: 'abandoned', reason, error };
    through.destroy(error);
  };
  // At once, and on both: the message begins to be composed now, and the relay may be gone before it is asked for.
  if (!Buffer.isBuffer(message)) message.on('error', giveUp(composeFailed));
  through.on('error', giveUp(claimUncertain));
  const read = through._read.bind(through);
  through._read = (size) => {
    read(size);
    if (sent !== 'nothing') return;
    sent = 'some';
    beforeData().then(open, giveUp(claimUncertain));
  };
  // Before the final dot, which nodemailer adds when it sees the same end: what comes later may be too late.
  through.on('end', () => {
    sent = 'all';
  });
  return { through, progress: () => ({ sent, fault }) };
}

function gateOfWhole(message: Buffer, aboutToLeave: () => void) {
  const through = new Readable({ read() {} });
  const open = () => {
    aboutToLeave();
    through.push(message);
    through.push(null);
  };
  return { through, open };
}

function gateOfStream(message: Readable, beforeDot: () => void = () => {}) {
  const through = inLargePieces(beforeDot);
  return { through, open: () => void message.pipe(through) };
}

/** How much of a large message had left decides what the loss of its connection means: it leaves as fast as the relay takes it. */
function inPieces(message: Buffer | Readable): Buffer | Readable {
  if (!Buffer.isBuffer(message) || message.length <= pieceBytes) return message;
  const count = Math.ceil(message.length / pieceBytes);
  const piece = (_: unknown, index: number) => message.subarray(index * pieceBytes, (index + 1) * pieceBytes);
  return Readable.from(Array.from({ length: count }, piece), { objectMode: false });
}

/** Nodemailer composes a message from a dozen pieces, and each that comes to the socket by itself is a write and a packet. */
function inLargePieces(beforeEnd: () => void): Transform {
  let pieces: Buffer[] = [];
  let size = 0;
  const taken = () => {
    const whole = Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
    return whole;
  };
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      size += piece.length;
      if (size < pieceBytes) done();
      else done(null, taken());
    },
    flush(done) {
      try {
        beforeEnd();
      } catch (error) {
        done(error as Error);
        return;
      }
      if (size > 0) this.push(taken());
      done();
    },
  });
}

function resultOf(error: NodemailerError, stage: Stage, transmitted: boolean): AttemptResult {
  const reason = storableText(error.message);
  // Nodemailer itself would not send it, as it stands.
  if (error.command === 'API' && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE'))
    return { ended: 'abandoned', reason, error };
  const refused = refusals(error.rejectedErrors);
  const reply = error.response ? parseReply(error.response) : undefined;
  const at = stageOf(error, stage);
  if (reply) return { ended: 'refused', stage: at, reply, refused };
  return { ended: 'lost', stage: at, transmitted, timed_out: error.code === 'ETIMEDOUT', reason, refused };
}

type OwnEnvelope = SmtpMessage['envelope'] & { rejectedErrors?: NodemailerError[] };

/**
 * Adds the recipients that were refused before the conversation came to DATA and ended there: nodemailer tells of them only with a
 * success. Before DATA they mean nothing: when the sender was refused, those after it are refused for that alone.
 */
function withRefusals(result: AttemptResult, { rejectedErrors }: OwnEnvelope): AttemptResult {
  if ((result.ended !== 'refused' && result.ended !== 'lost') || result.stage !== 'data') return result;
  return { ...result, refused: refusals(rejectedErrors) };
}

/** What becomes of a refusal when the connection turns out to be out of step: another one is asked. */
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

/** A relay may quote the command it did not like, which the client would then read in the email's history. */
function withoutSecrets(result: AttemptResult, auth: RelayAddress['auth']): AttemptResult {
  if (auth === undefined || result.ended !== 'refused') return result;
  const { user, pass } = auth;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secrets = [base64(`\0${user}\0${pass}`), base64(user), base64(pass), user, pass];
  const text = secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), result.reply.text);
  return { ...result, reply: { ...result.reply, text } };
}
