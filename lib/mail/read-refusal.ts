// Reads a refusal by the rules: its category, whether it is final, and whether the address will never take mail. Pure.
import {
  type Meaning,
  type MeaningOfRefusal,
  meanings,
  type RefusalCategory,
  type ReplyRule,
  rules,
} from './reply-rules.ts';

/** A reply of 4yz or 5yz, or what a bounce message says of one. */
export interface Refusal {
  /** Null when a bounce message has no code. */
  code: number | null;
  enhanced_code: string | null;
  text: string;
  /** Where in the conversation it was given; missing if unknown. */
  stage?: 'envelope' | 'data';
}

export interface Reading {
  means: Meaning;
  whose: MeaningOfRefusal['whose'];
  category: RefusalCategory;
  /** No other attempt of this email can succeed. */
  permanent: boolean;
  /** The address will never take mail. */
  hard: boolean;
  /** The relay takes no email of ours for now, whoever wrote it. */
  closes_relay: boolean;
}

/** The subject of an enhanced status code (RFC 3463 §3), its second number. */
const subjects: Record<string, RefusalCategory> = {
  1: 'address',
  2: 'mailbox',
  3: 'mail_system',
  4: 'network',
  5: 'protocol',
  6: 'content',
  7: 'policy',
};

/** Most characters of a reply that expressions see, and that are stored. */
const readCharacters = 1_000;

export function readRefusal(refusal: Refusal): Reading {
  const { enhanced_code, stage } = refusal;
  const rule = ruleFor(refusal);
  const means = rule?.means ?? 'unknown';
  const { whose, category, final, hard, closes_relay = false }: MeaningOfRefusal = meanings[means];
  const permanent = final && codeOf(refusal) >= 500;
  return {
    means,
    whose,
    category: category ?? subjects[enhanced_code?.split('.')[1] ?? ''] ?? 'other',
    permanent,
    // A reply after the message is about the message, unless its enhanced code is one of addresses or mailboxes, or its words can be about nothing else.
    hard:
      hard &&
      permanent &&
      (stage !== 'data' || rule?.of_address === true || /^5\.(1\.|2\.1$)/.test(enhanced_code ?? '')),
    closes_relay,
  };
}

/** The first rule that matches. */
export function ruleFor(refusal: Refusal): ReplyRule | undefined {
  const line = `${codeOf(refusal)} ${refusal.enhanced_code ?? '-'} ${readable(refusal.text)}`;
  return rules.find((rule) => (rule.stage ?? refusal.stage) === refusal.stage && rule.match.test(line));
}

/** A bounce message without any code is final: mail servers report temporary trouble as a delay. */
function codeOf({ code, enhanced_code }: Refusal): number {
  return code ?? (enhanced_code?.startsWith('4.') ? 450 : 550);
}

/** The text in one line, without addresses and links: "spam" in one of those says nothing. */
function readable(text: string): string {
  return text
    .slice(0, readCharacters)
    .replace(/\s+/g, ' ')
    .replace(/\bhttps?:\/\/\S+/gi, '')
    .replace(/[^\s<>()[\]"',;:]{1,64}@[^\s<>()[\]"',;:]{1,255}/g, '@');
}
