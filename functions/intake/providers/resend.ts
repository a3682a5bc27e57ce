// Events of Resend, signed in the way of Svix (Standard Webhooks): HMAC-SHA256 of id, time and body.
import { createHmac } from 'node:crypto';
import { parseJson } from '../../../lib/http/body.ts';
import type { Evidence } from '../evidence.ts';
import { emailIdIn, type Fields, fieldsOf, listOf, refusalOf, textOf, timeOf } from './fields.ts';
import { badSignature, checkAge, type EventCall, headerOf, isSame, type Provider, secondsToMs } from './provider.ts';

/** Signatures of one call: one for each secret that is good at the provider. */
const mostSignatures = 10;

export interface ResendOptions {
  keys: readonly Buffer[];
  mostAgeMs: number;
  now?: () => number;
}

export function createResend({ keys, mostAgeMs, now = Date.now }: ResendOptions): Provider {
  return async (call) => {
    const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((part) => partOf(call, part));
    if (id === undefined || timestamp === undefined || signatures === undefined) throw badSignature();
    const wanted = keys.map(
      (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(call.body).digest('base64')}`,
    );
    const given = signatures.split(' ', mostSignatures);
    if (!given.some((one) => wanted.some((other) => isSame(one, other)))) throw badSignature();
    checkAge(secondsToMs(timestamp), now(), mostAgeMs);
    return evidenceOf(fieldsOf(parseJson(call.body)));
  };
}

/** By the name of Svix, or by that of the specification. */
function partOf(call: EventCall, part: string): string | undefined {
  return headerOf(call, `svix-${part}`) ?? headerOf(call, `webhook-${part}`);
}

/** The bytes of a secret as Resend shows it, `whsec_` and base64. Undefined: it is none. */
export function resendKey(secret: string): Buffer | undefined {
  const [, encoded = ''] = /^(?:whsec_)?([A-Za-z0-9+/]{20,200}={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(encoded, 'base64');
  return key.length >= 16 ? key : undefined;
}

function evidenceOf(event: Fields): Evidence[] {
  const data = fieldsOf(event.data);
  const to = listOf(data.to);
  const shared = {
    match: { messageId: textOf(data.message_id), emailId: emailIdIn(data.tags) },
    // Of several, nobody says which one it is about.
    recipient: to.length === 1 ? bareAddress(textOf(to[0])) : undefined,
    at: timeOf(event.created_at),
    source: 'resend' as const,
  };
  const bounce = fieldsOf(data.bounce);
  switch (event.type) {
    case 'email.delivered':
      return [{ ...shared, kind: 'delivered' }];
    case 'email.delivery_delayed':
      return [{ ...shared, kind: 'delayed' }];
    case 'email.complained':
      return [{ ...shared, kind: 'complained' }];
    case 'email.bounced':
      return [
        {
          ...shared,
          kind: 'bounced',
          ...refusalOf({ text: textOf(bounce.message), isPermanent: bounce.type === 'Permanent' }),
        },
      ];
    case 'email.failed': {
      const text = textOf(fieldsOf(data.failed).reason);
      return [{ ...shared, kind: 'bounced', ...refusalOf({ text, isPermanent: false }) }];
    }
    case 'email.suppressed': {
      const text = textOf(fieldsOf(data.suppressed).message);
      return [{ ...shared, kind: 'bounced', ...refusalOf({ text, isPermanent: true }) }];
    }
    default:
      return [];
  }
}

/** Of `Name <address>` the address. */
function bareAddress(text: string | undefined): string | undefined {
  const open = text?.lastIndexOf('<') ?? -1;
  return open < 0 || !text?.endsWith('>') ? text : text.slice(open + 1, -1);
}
