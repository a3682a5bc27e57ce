// Addresses whose local part is not ASCII can go only through a relay that offers SMTPUTF8 (RFC 6531), in the envelope and in the message.
import type { AttemptResult } from './outcome.ts';

interface Envelope {
  from: string;
  to: string[];
}

/**
 * The result when the extension is needed and the relay does not offer it; otherwise undefined. Nodemailer would send the address
 * without checking. The refusal reads like one of a relay that knows the extension (RFC 6531 §3.5). It concerns the whole email,
 * because its headers show the address to the other recipients, too. `inHead` is what the message's head has that is not ASCII.
 */
export function refuseSmtpUtf8(
  envelope: Envelope,
  extensions: readonly string[],
  inHead?: string | undefined,
): AttemptResult | undefined {
  const address = [envelope.from, ...envelope.to].find(isNotAscii) ?? inHead;
  if (address === undefined || extensions.includes('SMTPUTF8')) return undefined;
  const text = `not handed over: the relay does not offer SMTPUTF8 (RFC 6531), which the address ${address} needs`;
  return {
    ended: 'refused',
    stage: 'envelope',
    reply: { code: 553, enhanced_code: '5.6.7', text },
    refused: new Map(),
  };
}

/**
 * Has the next MAIL command of a connection ask for the extension; returns what ends that. Nodemailer (10.6.1) looks at the envelope
 * alone, and a message whose head is not ASCII needs the extension as well (§3.2): Reply-To, or a To that another attempt has reached.
 */
export function askForSmtpUtf8(connection: object): () => void {
  const smtp = connection as { _sendCommand?: (command: string, ...others: unknown[]) => unknown };
  const send = smtp._sendCommand?.bind(smtp);
  if (send === undefined) throw new Error('nodemailer sends its commands in another way now');
  smtp._sendCommand = (command, ...others) => {
    const asks = command.startsWith('MAIL FROM:') && !/ SMTPUTF8\b/.test(command);
    return send(asks ? `${command} SMTPUTF8` : command, ...others);
  };
  return () => {
    delete smtp._sendCommand;
  };
}

function isNotAscii(text: string): boolean {
  return /[^\0-\x7f]/.test(text);
}
