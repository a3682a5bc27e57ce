// What words and codes of a report mean: the rules of refusals (../reply-rules.ts), applied to what a report repeats of one.
import { type Refusal, readRefusal, ruleFor } from '../read-refusal.ts';
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
  const stage = stageOf(texts);
  const refusals = texts.map((text) => ({
    ...codes,
    text: withoutCodes(text),
    ...(stage === undefined ? {} : { stage }),
  }));
  const known = refusals.find((refusal) => ruleFor(refusal) !== undefined) ?? { ...codes, text: '' };
  const { hard, category, means } = readRefusal(known);
  const isConfirmed = stage === 'envelope' || isOfAddress(known, status) || means !== 'no_mailbox';
  // A mailbox that is disabled is there, and may be opened again.
  const isClosed = means === 'disabled';
  return { ...shared, hard: hard && outcome === 'bounced' && isConfirmed && !isClosed, category };
}

/** A reply of a server in a text: its code, and the enhanced code behind it. */
const reply = /(?:^|[\s:;(<"'[])([45]\d\d)(?:[ :-]{1,3}#?([45]\.\d{1,3}\.\d{1,3})(?![\d.])|[ :-]{1,3}(?=[^\s\d]))/;

/** The codes of the reply that a text repeats; else those of the field Status. */
function codesOf(
  texts: readonly string[],
  status: string | null,
): { code: number | null; enhanced_code: string | null } {
  for (const text of texts) {
    const found = reply.exec(text);
    const code = found?.[1] ?? null;
    const classes = code === null ? ['5', '4'] : [code];
    const enhanced =
      found?.[2] ?? classes.map((each) => enhancedCodeIn(text, each)).find((each) => each !== null) ?? null;
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

/** Who was asked when the reply was given, in the words of Postfix, Exim, sendmail, qmail, Courier, Gmail and SendGrid. */
const ofRecipient =
  /\bin reply to RCPT TO\b|\bafter RCPT TO\b|\bin RCPT TO\b|\bSMTP:RCPT\b|\bRCPT TO command\b|\bour RCPT TO\b|\bprogress was RCPT TO\b|\bdoes not like recipient\b|\(state 1[34]\)|\berror .{0,60}\bfor RCPT TO\b/i;
const ofMessage =
  /\bin reply to (end of )?DATA\b|\bafter (the )?(end of )?(data|DATA)\b|\bafter I sent the message\b|\bSMTP:(DATA|EOM)\b|\bSMTP command DATA\b|\(state 1[78]\)|\bfailed on DATA command\b|\bin DATA\b|\bour (DATA|final DATA|EOM)\b/i;

/**
 * Filters, too, say "user unknown", but to the message. So where a report does not say to what a server replied, and gives a status of
 * its own, that status must be one of addresses.
 */
function isOfAddress(refusal: Refusal, status: string): boolean {
  if (status === '' || refusal.code === null) return true;
  return /^5\.(1\.|2\.1$)/.test(refusal.enhanced_code ?? '') || ruleFor(refusal)?.of_address === true;
}

function stageOf(texts: readonly string[]): 'envelope' | 'data' | undefined {
  for (const text of texts) {
    const command = refusedCommand(text);
    if (command === 'DATA' || ofMessage.test(text)) return 'data';
    if (command === 'RCPT' || ofRecipient.test(text)) return 'envelope';
  }
  return undefined;
}

/** In a transcript, the last command before the first refusal. */
function refusedCommand(text: string): string | undefined {
  let command: string | undefined;
  for (const [part, name] of text.matchAll(/>>> ?([a-z]{4})\b|<<< ?[45]\d\d\b/gi)) {
    if (name === undefined) return part === '' ? undefined : command;
    command = name.toUpperCase();
  }
  return undefined;
}
