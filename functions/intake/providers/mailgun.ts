// Events of Mailgun, whose signature is in the body and of a time and a token, not of the body: so a token counts for one body alone.
import { createHash, createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { parseJson } from '../../../lib/http/body.ts';
import type { Evidence } from '../evidence.ts';
import { emailIdIn, type Fields, fieldsOf, refusalOf, textOf, timeOf } from './fields.ts';
import { badSignature, checkAge, EventRefusal, isSame, type Provider, secondsToMs } from './provider.ts';

/** Tokens that are remembered, some 200 bytes each: more than come while one is good. */
export const mostTokens = 50_000;

export interface MailgunOptions {
  keys: readonly string[];
  mostAgeMs: number;
  now?: () => number;
}

export function createMailgun({ keys, mostAgeMs, now = Date.now }: MailgunOptions): Provider {
  const bodies = new LRUCache<string, string>({ max: mostTokens });
  return async ({ body }) => {
    const call = fieldsOf(parseJson(body));
    const signature = fieldsOf(call.signature);
    const [timestamp, token] = [textOf(signature.timestamp) ?? '', textOf(signature.token) ?? ''];
    if (timestamp.length > 12 || token.length > 100 || token === '') throw badSignature();
    // Of a subaccount's event, the second is that of the main account.
    const given = [signature.signature, signature['parent-signature']].flatMap((each) => textOf(each) ?? []);
    const wanted = keys.map((key) => createHmac('sha256', key).update(timestamp).update(token).digest('hex'));
    if (!given.some((one) => wanted.some((other) => isSame(one, other)))) throw badSignature();
    checkAge(secondsToMs(timestamp), now(), mostAgeMs);
    const digest = createHash('sha256').update(body).digest('base64');
    // The same body again is Mailgun's, which had no answer of us: it changes nothing.
    if ((bodies.get(token) ?? digest) !== digest)
      throw new EventRefusal('replayed', 'The signature was used for another body.');
    bodies.set(token, digest);
    return evidenceOf(fieldsOf(call['event-data']));
  };
}

/** Reasons for which Mailgun gives up that say nothing of the address. */
const passing = new Set(['suppress-unsubscribe', 'suppress-complaint', 'old', 'espblock', 'greylisted']);

function evidenceOf(event: Fields): Evidence[] {
  const message = fieldsOf(fieldsOf(event.message).headers)['message-id'];
  const shared = {
    match: {
      returnPath: textOf(fieldsOf(event.envelope).sender),
      messageId: textOf(message),
      emailId: emailIdIn(event['user-variables']),
    },
    recipient: textOf(event.recipient),
    at: timeOf(event.timestamp),
    source: 'mailgun' as const,
  };
  const status = fieldsOf(event['delivery-status']);
  const text = textOf(status.message) ?? textOf(status.description) ?? textOf(fieldsOf(event.reject).reason);
  switch (event.event) {
    case 'delivered':
      return [{ ...shared, kind: 'delivered', text }];
    case 'complained':
      return [{ ...shared, kind: 'complained' }];
    case 'rejected':
      return [{ ...shared, kind: 'bounced', ...refusalOf({ text, isPermanent: false }) }];
    case 'failed': {
      const isPermanent = event.severity === 'permanent';
      const refusal = refusalOf({
        text: withCode(text, Number(status.code)),
        status: textOf(status['enhanced-code']),
        isPermanent: isPermanent && !passing.has(textOf(event.reason) ?? ''),
      });
      return [{ ...shared, kind: isPermanent ? 'bounced' : 'delayed', ...refusal }];
    }
    default:
      return [];
  }
}

/** Mailgun takes the code of a reply out of its text; it has codes of its own, beyond those of SMTP. */
function withCode(text: string | undefined, code: number): string | undefined {
  if (!(code >= 400 && code <= 599) || text?.startsWith(String(code))) return text;
  return `${code} ${text ?? ''}`.trim();
}
