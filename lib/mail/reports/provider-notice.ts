// Reads notifications of Amazon SES (through SNS) that come as a message: JSON in its text.
import * as v from 'valibot';
import { bounds } from './bounds.ts';
import type { ReportedOutcome } from './report.ts';

const Text = v.fallback(v.optional(v.string()), undefined);
const Recipient = v.object({ emailAddress: v.string(), status: Text, diagnosticCode: Text, action: Text });
const Recipients = v.fallback(v.optional(v.array(Recipient)), undefined);

const Notification = v.object({
  notificationType: v.picklist(['Bounce', 'Complaint', 'Delivery']),
  mail: v.fallback(
    v.optional(
      v.object({ messageId: Text, commonHeaders: v.fallback(v.optional(v.object({ messageId: Text })), undefined) }),
    ),
    undefined,
  ),
  bounce: v.optional(v.object({ bouncedRecipients: Recipients })),
  complaint: v.optional(v.object({ complainedRecipients: Recipients, complaintFeedbackType: Text })),
  delivery: v.optional(
    v.object({ recipients: v.fallback(v.optional(v.array(v.string())), undefined), smtpResponse: Text }),
  ),
});

export interface ProviderNotice {
  outcome: ReportedOutcome;
  feedback_type: string | null;
  message_id: string | null;
  recipients: { recipient: string; status: string; text: string }[];
}

/** Undefined where the text is no such notification. */
export function readProviderNotice(text: string): ProviderNotice | undefined {
  const start = text.search(/\{\s{0,20}"(notificationType|Type)"/);
  if (start === -1) return undefined;
  const json = firstObject(text.slice(start));
  const parsed = v.safeParse(Notification, json);
  if (!parsed.success) return undefined;
  const { notificationType, mail, bounce, complaint, delivery } = parsed.output;
  const shared = { feedback_type: null, message_id: mail?.commonHeaders?.messageId ?? null };
  if (notificationType === 'Bounce')
    return { ...shared, outcome: 'bounced', recipients: named(bounce?.bouncedRecipients) };
  if (notificationType === 'Complaint') {
    const type = complaint?.complaintFeedbackType ?? 'abuse';
    const outcome = type === 'not-spam' ? 'none' : 'complained';
    return { ...shared, outcome, feedback_type: type, recipients: named(complaint?.complainedRecipients) };
  }
  const text250 = delivery?.smtpResponse ?? '';
  const recipients = (delivery?.recipients ?? []).slice(0, bounds.recipients);
  return {
    ...shared,
    outcome: 'delivered',
    recipients: recipients.map((recipient) => ({ recipient, status: '', text: text250 })),
  };
}

function named(recipients: v.InferOutput<typeof Recipient>[] = []) {
  return recipients.slice(0, bounds.recipients).map(({ emailAddress, status = '', diagnosticCode = '' }) => ({
    recipient: emailAddress,
    status,
    text: diagnosticCode.replace(/^smtp ?; ?/i, ''),
  }));
}

/** JSON up to its last bracket; lines may have been folded in it. An SNS envelope holds the notification as text. */
function firstObject(text: string): unknown {
  const end = text.lastIndexOf('}');
  for (const candidate of [text.slice(0, end + 1), (text.split(/\n\s{0,5}\n|\n--/, 1)[0] ?? '').replaceAll('\n', '')]) {
    try {
      const value = JSON.parse(candidate);
      return typeof value?.Message === 'string' ? JSON.parse(value.Message) : value;
    } catch {}
  }
  return undefined;
}
