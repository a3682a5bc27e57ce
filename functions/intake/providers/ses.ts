// Events of Amazon SES, which come in messages of Amazon SNS: notifications of an identity, and those of a configuration set.
import { parseJson } from '../../../lib/http/body.ts';
import type { Evidence } from '../evidence.ts';
import { type Fields, fieldsOf, listOf, refusalOf, textOf, timeOf } from './fields.ts';
import type { Provider } from './provider.ts';
import { createSns, type SnsOptions } from './sns.ts';

export function createSes(options: SnsOptions): Provider {
  const proven = createSns(options);
  return async (call) => {
    const text = await proven(call);
    return text === undefined ? [] : evidenceOf(contentOf(text));
  };
}

/** SES also says in words that it may publish to a topic: that is no event. */
function contentOf(text: string): Fields {
  if (!text.startsWith('{')) return {};
  return fieldsOf(parseJson(Buffer.from(text)));
}

/** Permanent bounces after which SES itself would send no more. The others may be of the message (its size, its content). */
const ofAddress = new Set(['General', 'NoEmail', 'Suppressed', 'OnAccountSuppressionList']);

function evidenceOf(event: Fields): Evidence[] {
  const mail = fieldsOf(event.mail);
  const shared = {
    match: { returnPath: textOf(mail.source), messageId: messageIdOf(mail) },
    source: 'ses' as const,
  };
  const [bounce, complaint, delivery, delay] = ['bounce', 'complaint', 'delivery', 'deliveryDelay'].map((part) =>
    fieldsOf(event[part]),
  ) as [Fields, Fields, Fields, Fields];
  switch (event.notificationType ?? event.eventType) {
    case 'Bounce': {
      const isPermanent = bounce.bounceType === 'Permanent' && ofAddress.has(textOf(bounce.bounceSubType) ?? '');
      return listOf(bounce.bouncedRecipients).map((recipient) => ({
        ...{ ...shared, kind: 'bounced', at: timeOf(bounce.timestamp) },
        ...saidOf(fieldsOf(recipient), isPermanent),
      }));
    }
    case 'Complaint':
      if (complaint.complaintFeedbackType === 'not-spam') return [];
      return listOf(complaint.complainedRecipients).map((recipient) => ({
        ...{ ...shared, kind: 'complained', at: timeOf(complaint.timestamp) },
        recipient: textOf(fieldsOf(recipient).emailAddress),
      }));
    case 'Delivery':
      return listOf(delivery.recipients).map((recipient) => ({
        ...{ ...shared, kind: 'delivered', at: timeOf(delivery.timestamp) },
        ...{ recipient: textOf(recipient), text: textOf(delivery.smtpResponse) },
      }));
    case 'DeliveryDelay':
      return listOf(delay.delayedRecipients).map((recipient) => ({
        ...{ ...shared, kind: 'delayed', at: timeOf(delay.timestamp) },
        ...saidOf(fieldsOf(recipient), false),
      }));
    case 'Reject': {
      const text = textOf(fieldsOf(event.reject).reason);
      return listOf(mail.destination).map((recipient) => ({
        ...{ ...shared, kind: 'bounced', at: timeOf(mail.timestamp), recipient: textOf(recipient) },
        ...refusalOf({ text, isPermanent: false }),
      }));
    }
    default:
      return [];
  }
}

function saidOf({ emailAddress, status, diagnosticCode }: Fields, isPermanent: boolean): Partial<Evidence> {
  const text = textOf(diagnosticCode);
  return { recipient: textOf(emailAddress), ...refusalOf({ text, status: textOf(status), isPermanent }) };
}

/** The one that we gave: SES sends the message with another, and says ours where it is told to include the original headers. */
function messageIdOf(mail: Fields): string | undefined {
  const field = listOf(mail.headers)
    .map(fieldsOf)
    .find(({ name }) => textOf(name)?.toLowerCase() === 'message-id');
  return textOf(field?.value) ?? textOf(fieldsOf(mail.commonHeaders).messageId);
}
