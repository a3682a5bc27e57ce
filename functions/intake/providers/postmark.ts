// Events of Postmark, which signs nothing: a secret proves them, the password of HTTP Basic or a header, as Postmark can be told to send.
import { parseJson } from '../../../lib/http/body.ts';
import type { Evidence, EvidenceKind } from '../evidence.ts';
import { emailIdIn, type Fields, fieldsOf, refusalOf, textOf, timeOf } from './fields.ts';
import { badSignature, type EventCall, headerOf, isSame, type Provider } from './provider.ts';

/** The header that may have the secret in place of HTTP Basic. */
export const secretHeader = 'x-intake-secret';

export function createPostmark(secrets: readonly string[]): Provider {
  return async (call) => {
    const given = passwordOf(call) ?? headerOf(call, secretHeader);
    if (given === undefined || !secrets.some((secret) => isSame(secret, given))) throw badSignature();
    return evidenceOf(fieldsOf(parseJson(call.body)));
  };
}

function passwordOf(call: EventCall): string | undefined {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(headerOf(call, 'authorization') ?? '') ?? [];
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : decoded.slice(colon + 1);
}

/** What the types of bounces are to us, and whether the address takes no mail for good; those that are not here are no bounce. */
const bounces: Record<string, [kind: EvidenceKind, isPermanent: boolean]> = {
  HardBounce: ['bounced', true],
  BadEmailAddress: ['bounced', true],
  ManuallyDeactivated: ['bounced', true],
  SoftBounce: ['bounced', false],
  DnsError: ['bounced', false],
  Blocked: ['bounced', false],
  DMARCPolicy: ['bounced', false],
  SpamNotification: ['bounced', false],
  VirusNotification: ['bounced', false],
  SMTPApiError: ['bounced', false],
  Undeliverable: ['bounced', false],
  Unknown: ['bounced', false],
  Transient: ['delayed', false],
  SpamComplaint: ['complained', false],
};

function evidenceOf(event: Fields): Evidence[] {
  const shared = { match: { emailId: emailIdIn(event.Metadata) }, source: 'postmark' as const };
  const text = textOf(event.Details) ?? textOf(event.Description);
  switch (event.RecordType) {
    case 'Delivery':
      return [
        { ...shared, kind: 'delivered', recipient: textOf(event.Recipient), at: timeOf(event.DeliveredAt), text },
      ];
    case 'SpamComplaint':
      return [{ ...shared, kind: 'complained', recipient: textOf(event.Email), at: timeOf(event.BouncedAt) }];
    case 'Bounce': {
      const type = textOf(event.Type) ?? '';
      const [kind, isPermanent] = (Object.hasOwn(bounces, type) && bounces[type]) || [];
      if (kind === undefined) return [];
      const refusal = kind === 'complained' ? {} : refusalOf({ text, isPermanent: isPermanent === true });
      return [{ ...shared, kind, recipient: textOf(event.Email), at: timeOf(event.BouncedAt), ...refusal }];
    }
    default:
      return [];
  }
}
