// Keeps a connection to a relay in step: each reply answers what was asked, or the connection ends before anything more is sent on it.

/**
 * Private parts of nodemailer's connection (version 10.6.1): the complete replies, the callbacks that wait for one, and the handlers.
 * By itself, nodemailer gives each reply to the next callback, and treats any reply that begins with 2 as a yes.
 */
interface Internals {
  _responseQueue: string[];
  _responseActions: ((reply: string) => unknown)[];
  close: () => void;
  _processResponse: () => unknown;
  _onError: (error: Error, code: string, reply: false, command: string) => void;
  _actionMAIL: Answered;
  _actionRCPT: Answered;
  _actionDATA: Answered;
  _createSendStream: (callback: unknown) => unknown;
}

type Answered = (reply: string, callback: unknown) => unknown;

export interface InStep {
  /** True once an unrequested reply has come in: the next message must not use this connection. */
  isOutOfStep(): boolean;
}

/** Most bytes of a reply. A usual one has a few hundred; we stop listening to a relay that never ends one. */
export const mostReplyBytes = 65_536;

export function keepInStep(connection: object): InStep {
  const smtp = connection as Internals;
  let outOfStep = false;
  /** The callback that waits for the reply to the final dot. */
  let atDot: unknown;

  /** Ends the connection without passing on the reply, as it may answer something else. After the final dot, the outcome is unknown. */
  function end(reason: string): void {
    outOfStep = true;
    smtp._onError(new Error(`the relay is out of step: ${reason}`), 'EPROTOCOL', false, 'CONN');
  }

  const processNext = smtp._processResponse.bind(smtp);
  smtp._processResponse = () => {
    const reply = smtp._responseQueue.find(isSaid);
    const waiting = smtp._responseActions[0];
    // There is no complete reply yet, or no callback waits (nodemailer then ends the connection).
    if (reply === undefined || isUnfinished(reply) || waiting === undefined) return processNext();
    const code = codeOf(reply);
    if (code === undefined) return end('what it says is no reply');
    const isAboutMessage = waiting === atDot;
    if (hasUnasked()) {
      // The first reply is still the answer to the message.
      if (isAboutMessage) outOfStep = true;
      else return end('it says more than it was asked');
    }
    if (isAboutMessage && !/^[245]/.test(code)) return end(`it answers ${code} to the message`);
    if (code === '221' && waiting !== smtp.close) return end('it takes leave in place of an answer');
    return processNext();
  };

  function hasUnasked(): boolean {
    // Nearly always; the rest is looked at only where it matters.
    if (smtp._responseQueue.length <= smtp._responseActions.length) return false;
    const replies = smtp._responseQueue.filter(isSaid);
    // A relay may say at any time that it is about to close (RFC 5321 §3.8); nodemailer sees to that.
    const counted = replies.filter((reply) => !reply.startsWith('421') && !isUnfinished(reply));
    const unasked = counted.length - smtp._responseActions.length;
    if (unasked <= 0) return false;
    const [before, last] = counted.slice(-2);
    // A relay may refuse a message before it has read it.
    return !(unasked === 1 && before?.startsWith('354') && /^[45]/.test(last ?? ''));
  }

  function only(allowed: RegExp, command: string, answered: Answered): Answered {
    return (reply, callback) => {
      if (allowed.test(reply)) return answered.call(smtp, reply, callback);
      return end(`it answers ${reply.slice(0, 3)} to ${command}`);
    };
  }
  smtp._actionMAIL = only(/^(25|[45])/, 'MAIL', smtp._actionMAIL);
  smtp._actionRCPT = only(/^(25|[45])/, 'RCPT', smtp._actionRCPT);
  smtp._actionDATA = only(/^(354|[45])/, 'DATA', smtp._actionDATA);

  const createSendStream = smtp._createSendStream.bind(smtp);
  smtp._createSendStream = (callback) => {
    const stream = createSendStream(callback);
    atDot = smtp._responseActions.at(-1);
    return stream;
  };

  return { isOutOfStep: () => outOfStep };
}

/** Nodemailer passes over empty lines. */
function isSaid(reply: string): boolean {
  return reply.trim() !== '';
}

/** True when more lines of the reply are to come. */
function isUnfinished(reply: string): boolean {
  return /^\d+-/.test(reply.slice(reply.lastIndexOf('\n') + 1));
}

/** The code that all lines of a reply have in common (RFC 5321 §4.2.1); undefined where there is none. */
function codeOf(reply: string): string | undefined {
  if (/^[2-5]\d\d(?:[ -].*)?$/.test(reply)) return reply.slice(0, 3);
  const lines = reply.split('\n');
  const code = /^[2-5]\d\d/.exec(lines[0] ?? '')?.[0];
  if (code === undefined) return undefined;
  return lines.every((line) => line.startsWith(code) && /^...([ -]|$)/.test(line)) ? code : undefined;
}
