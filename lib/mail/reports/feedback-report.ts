// Reads complaints: RFC 5965 and RFC 6591, and the forms that providers had before them.
import { addressesIn, addressOf } from './addresses.ts';
import { type Fields, field } from './fields.ts';
import type { ReportedOutcome } from './report.ts';

export interface Feedback {
  type: string;
  outcome: ReportedOutcome;
  recipients: string[];
  envelope_id: string | null;
}

/** Whose fields say who complains, the most certain first. */
const recipientFields = ['original-rcpt-to', 'removal-recipient', 'redacted-address', 'x-original-rcpt-to'];
/** Hotmail's field for the one who complains, in the head of the email. */
export const hotmailField = 'x-hmxmroriginalrecipient';
/** Fields of the returned head in which a provider tells who complains. */
const headFields = ['x-original-to', 'delivered-to', 'x-rcpt-to', 'envelope-to', 'to'];

/** Of the fields of `message/feedback-report`, or of a text that has them. */
export function readFeedback(fields: Fields, returned: Fields): Feedback {
  const type = field(fields, 'feedback-type').toLowerCase().slice(0, 40) || 'abuse';
  const envelope = field(fields, 'original-envelope-id');
  return {
    type,
    outcome: outcomeOf(type),
    recipients: complaining(fields, returned),
    envelope_id: envelope === '' ? null : envelope,
  };
}

/** Reports of failed authentication, and of mail that is no spam, are no complaint of a recipient. */
function outcomeOf(type: string): ReportedOutcome {
  return /^(not-spam|auth-failure|dmarc|dkim)/.test(type) ? 'none' : 'complained';
}

function complaining(fields: Fields, returned: Fields): string[] {
  const hotmail = addressOf(field(returned, hotmailField));
  if (hotmail !== undefined) return [hotmail];
  for (const name of recipientFields) {
    const found = (fields.get(name) ?? []).map(addressOf).filter((each) => each !== undefined);
    if (found.length > 0) return found;
  }
  // The one that we sent to; lists and forwarders write others into the fields below.
  const to = addressesIn(field(returned, 'to'));
  for (const name of to.length === 1 ? ['to', ...headFields] : headFields) {
    const found = addressOf(field(returned, name));
    if (found !== undefined) return [found];
  }
  return [];
}
