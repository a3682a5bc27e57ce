// Addresses whose local part is not ASCII can go only through a relay that offers SMTPUTF8 (RFC 6531). Pure.
import type { AttemptResult } from './outcome.ts';

interface Envelope {
  from: string;
  to: string[];
}

/**
 * The result when the extension is needed and the relay does not offer it; otherwise undefined. Nodemailer would send the address
 * without checking. The refusal reads like one of a relay that knows the extension (RFC 6531 §3.5). It concerns the whole email,
 * because its headers show the address to the other recipients, too.
 */
export function refuseSmtpUtf8(envelope: Envelope, extensions: readonly string[]): AttemptResult | undefined {
  const address = [envelope.from, ...envelope.to].find((one) => /[^\0-\x7f]/.test(one));
  if (address === undefined || extensions.includes('SMTPUTF8')) return undefined;
  const text = `not handed over: the relay does not offer SMTPUTF8 (RFC 6531), which the address ${address} needs`;
  return {
    ended: 'refused',
    stage: 'envelope',
    reply: { code: 553, enhanced_code: '5.6.7', text },
    refused: new Map(),
  };
}
