// What words and codes of a report mean: the rules of refusals (../reply-rules.ts), applied to what a report repeats of one.
import { readRefusal, ruleFor } from '../read-refusal.ts';
import { enhancedCodeIn, storableText } from '../smtp-reply.ts';
import type { ReportedOutcome, ReportedRecipient } from './report.ts';

/** What is known of one recipient. */
export interface Evidence {
  recipient: string;
  original_recipient?: string | null;
  outcome: ReportedOutcome;
  /** The field Status, where there is one. */
  status?: string;
  /** What was said, the most certain first: a diagnostic, then words around it. The first that a rule knows decides. */
  texts: readonly string[];
}

export function diagnose({
  recipient,
  original_recipient = null,
  outcome,
  status = '',
  texts,
}: Evidence): ReportedRecipient {
  const [said = ''] = texts;
  const codes = codesOf(texts, /^[245]\.\d{1,3}\.\d{1,3}(?!\d)/.exec(status)?.[0] ?? null);
  const shared = { recipient, original_recipient, outcome, ...codes, text: said === '' ? null : storableText(said) };
  if (outcome === 'complained') return { ...shared, hard: false, category: 'complaint' };
  if (outcome !== 'bounced' && outcome !== 'delayed') return { ...shared, hard: false, category: null };
  const refusals = texts.map((text) => ({ ...codes, text: withoutCodes(text), ...stageOf(text) }));
  const known = refusals.find((refusal) => ruleFor(refusal) !== undefined) ?? { ...codes, text: '' };
  const { hard, category } = readRefusal(known);
  return { ...shared, hard: hard && outcome === 'bounced', category };
}

/** A reply of a server in a text: its code, and the enhanced code behind it. */
const reply = /(?:^|[\s:;(<"'[])([245]\d\d)(?:[ -:]{1,3}#?([245]\.\d{1,3}\.\d{1,3})(?![\d.])|[ -](?=\S))/;

/** The codes of the reply that a text repeats; else those of the field Status. */
function codesOf(
  texts: readonly string[],
  status: string | null,
): { code: number | null; enhanced_code: string | null } {
  for (const text of texts) {
    const found = reply.exec(text);
    const code = found?.[1] ?? null;
    const enhanced = found?.[2] ?? enhancedCodeIn(text, code ?? status ?? '5') ?? null;
    if (code !== null || enhanced !== null)
      return { code: code === null ? null : Number(code), enhanced_code: moreCertain(enhanced, status) };
  }
  return { code: null, enhanced_code: status };
}

/** A code such as 5.0.0 says no more than its class. */
function moreCertain(said: string | null, status: string | null): string | null {
  if (said === null || (/^\d\.0\.0$/.test(said) && status !== null)) return status ?? said;
  return said;
}

function withoutCodes(text: string): string {
  return text.replace(reply, ' ').trim();
}

/** Postfix says which command was refused. */
function stageOf(text: string): { stage?: 'data' } {
  return /\bin reply to end of DATA\b/i.test(text) ? { stage: 'data' } : {};
}
