// Reads what providers say, field by field: nothing of it is trusted to have a form.
import { readRefusal, ruleFor } from '../../../lib/mail/read-refusal.ts';
import { diagnose } from '../../../lib/mail/reports/diagnosis.ts';
import type { Evidence } from '../evidence.ts';

/** Most characters that are looked at of a text: more than is kept of a reply. */
const mostText = 4_000;
/** Most entries of a list: providers tell of fewer. */
const mostEntries = 10_000;

export type Fields = Record<string, unknown>;

/** The fields of an object; of anything else none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, mostEntries) : [];
}

/** A text or a number as text; undefined where there is none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value.slice(0, mostText) : undefined;
}

/** A time as text (ISO 8601), or in seconds; what cannot be read is an invalid date, which is not kept. */
export function timeOf(value: unknown): Date {
  return new Date(
    typeof value === 'number' ? value * 1000 : typeof value === 'string' ? value.slice(0, 40) : Number.NaN,
  );
}

/** The id of our email, in what was given to the provider to give back (the setting ID_HEADERS). */
export function emailIdIn(given: unknown): string | undefined {
  const fields = fieldsOf(given);
  return textOf(fields['email-id'] ?? fields.email_id);
}

/** A refusal in the provider's words, and what our rules make of them. */
export interface Said {
  text?: string | undefined;
  /** Enhanced status code, where it has a field of its own. */
  status?: string | undefined;
  /** The provider says that the address takes no mail for good. */
  isPermanent: boolean;
}

/** Where the words are known, they have to agree with the provider: it calls policy permanent, too. */
export function refusalOf({ text, status = '', isPermanent }: Said): Partial<Evidence> {
  const texts = text === undefined ? [] : [text];
  const { code, enhanced_code, category } = diagnose({ recipient: '', outcome: 'bounced', status, texts });
  const refusal = { code, enhanced_code, text: text ?? '' };
  return {
    code: code ?? undefined,
    enhancedCode: enhanced_code ?? undefined,
    category: category ?? undefined,
    hard: isPermanent && (ruleFor(refusal) === undefined || readRefusal(refusal).hard),
    text,
  };
}
