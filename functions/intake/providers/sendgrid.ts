// Events of Twilio SendGrid, in batches, signed with ECDSA (P-256, SHA-256) of a time and the body.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { parseJson } from '../../../lib/http/body.ts';
import type { Evidence } from '../evidence.ts';
import { emailIdIn, fieldsOf, listOf, refusalOf, textOf, timeOf } from './fields.ts';
import { badSignature, checkAge, headerOf, type Provider, secondsToMs } from './provider.ts';

const signatureHeader = 'x-twilio-email-event-webhook-signature';
const timestampHeader = 'x-twilio-email-event-webhook-timestamp';

export interface SendgridOptions {
  key: KeyObject;
  mostAgeMs: number;
  now?: () => number;
}

export function createSendgrid({ key, mostAgeMs, now = Date.now }: SendgridOptions): Provider {
  return async (call) => {
    const timestamp = headerOf(call, timestampHeader, 20);
    const signature = Buffer.from(headerOf(call, signatureHeader, 200) ?? '', 'base64');
    if (timestamp === undefined || signature.length === 0) throw badSignature();
    if (!verify('sha256', Buffer.concat([Buffer.from(timestamp), call.body]), key, signature)) throw badSignature();
    checkAge(secondsToMs(timestamp), now(), mostAgeMs);
    return listOf(parseJson(call.body)).flatMap(evidenceOf);
  };
}

/** The key as SendGrid shows it (base64), or in PEM. Undefined: it is no key of P-256. */
export function sendgridKey(text: string): KeyObject | undefined {
  try {
    const key = text.includes('-----BEGIN ')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Why SendGrid did not even try: these say that the address takes no mail. */
const droppedForGood = new Set(['Bounced Address', 'Invalid']);

function evidenceOf(given: unknown): Evidence[] {
  const event = fieldsOf(given);
  const shared = {
    match: { messageId: textOf(event['smtp-id']), emailId: emailIdIn(event) },
    recipient: textOf(event.email),
    at: timeOf(event.timestamp),
    source: 'sendgrid' as const,
  };
  const [reason, response, status] = [event.reason, event.response, event.status].map(textOf);
  switch (event.event) {
    case 'delivered':
      return [{ ...shared, kind: 'delivered', text: response }];
    case 'deferred':
      return [{ ...shared, kind: 'delayed', ...refusalOf({ text: response, status, isPermanent: false }) }];
    case 'spamreport':
      return [{ ...shared, kind: 'complained' }];
    case 'bounce':
      return [
        { ...shared, kind: 'bounced', ...refusalOf({ text: reason, status, isPermanent: event.type !== 'blocked' }) },
      ];
    case 'dropped':
      return [
        {
          ...shared,
          kind: 'bounced',
          ...refusalOf({ text: reason, status, isPermanent: droppedForGood.has(reason ?? '') }),
        },
      ];
    default:
      return [];
  }
}
